import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import type { GroupingView } from "../../stages/desk/desk.ts";

const INCIDENT = "/chv/incidents/inc-1";
const MOTIF = "Même panne, vue avec le RSSI.";
let scene: Scene;
let person: Visitor;
let asked: unknown[];
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
  asked = [];
});
afterEach(() => scene.close());

const show = async (grouping: GroupingView, who = person) => {
  const [dossier] = scene.desk.dossiers;
  if (dossier === undefined) throw new Error("no dossier");
  dossier.grouping = grouping;
  const entities = ["pacs-01", "pacs-02"].map((value) => ({ kind: "host" as const, value }));
  dossier.incident = { ...dossier.incident, entities };
  return (await who.get(INCIDENT)).text;
};
const csrf = (text: string) => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";

describe("what the page says of other incidents", () => {
  it.each([
    ["merged_into", "Réuni à"],
    ["follows", "Fait suite à"],
    ["linked", "Le même incident que"],
    ["merged", "Comprend"],
    ["apart", "Distinct de"],
  ] as const)("names one that is %s", async (relation, words) => {
    const text = await show({
      kin: [{ relation, incident: "inc-9", reference: "2026-0009", because: "Une alerte les relie." }],
      last: null,
    });
    expect(text).toContain(words);
    expect(text).toContain('href="/chv/incidents/inc-9"');
  });

  it("asks whoever may edit, and nobody else, whether two are one", async () => {
    const linked: GroupingView = {
      kin: [{ relation: "linked", incident: "inc-9", reference: "2026-0009", because: "" }],
      last: { kind: "merge", by: null, at: 0, because: "" },
    };
    const text = await show(linked);
    for (const path of ["reunir", "distinguer", "separer", "defaire"])
      expect(text).toContain(`${INCIDENT}/${path}`);
    const auditor = visitor(scene);
    await auditor.signIn("anne");
    const read = await show(linked, auditor);
    expect(read).toContain("2026-0009");
    expect(read).not.toContain(`${INCIDENT}/reunir`);
    const fields = { csrf: csrf(read), autre: "inc-9", motif: MOTIF };
    expect((await auditor.post(`${INCIDENT}/reunir`, fields)).status).toBe(403);
  });
});

describe("an act", () => {
  it.each([
    ["reunir", { autre: "2026-0009" }, "reuni", { other: "2026-0009" }],
    ["distinguer", { autre: "inc-9" }, "distingue", { other: "inc-9" }],
    ["separer", { part: "host:pacs-01" }, "separe", { picks: ["host:pacs-01"] }],
    ["defaire", {}, "defait", {}],
  ] as const)("%s hands the reason over and says that it is done", async (path, fields, done, expected) => {
    const record =
      <T>(answer: T) =>
      async (request: unknown) => {
        asked.push(request);
        return answer;
      };
    Object.assign(scene.desk, {
      merge: record({ outcome: "merged", incident: "inc-1" }),
      keepApart: record({ outcome: "apart" }),
      split: record({ outcome: "split", incident: "inc-1" }),
      undoRegrouping: record({ outcome: "undone" }),
    });
    const token = csrf(await show({ kin: [], last: null }));
    const response = await person.post(`${INCIDENT}/${path}`, { csrf: token, motif: MOTIF, ...fields });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(`${INCIDENT}?fait=${done}`);
    expect(asked).toEqual([{ incident: "inc-1", reason: MOTIF, ...expected }]);
  });

  it("that is refused says so, and why", async () => {
    const token = csrf(await show({ kin: [], last: null }));
    const { status, text } = await person.post(`${INCIDENT}/reunir`, {
      csrf: token,
      autre: "2026-0009",
      motif: MOTIF,
    });
    expect(status).toBe(409);
    expect(text).toContain("Rien n&#39;est enregistré");
  });
});

describe("what the page says of searches in old records", () => {
  it("names who searched what, what it changed, and what could not be looked at", async () => {
    const [dossier] = scene.desk.dossiers;
    if (dossier === undefined) throw new Error("no dossier");
    const { occurred } = dossier.incident;
    dossier.incident = {
      ...dossier.incident,
      undivided: true,
      hunts: [
        {
          id: "h1",
          by: { account: "acc-1", name: "Claire Dumas" },
          at: occurred,
          what: "« <b>octobre</b>.ndjson »",
          read: 40_000,
          detections: 12,
          began: occurred,
          criteria: [
            { regime: "sante-2022", id: "C1", label: "Sécurité des soins", before: "unknown", after: "met" },
          ],
        },
      ],
    };
    const { text } = await person.get(INCIDENT);
    const words = text.replaceAll(/\s|&nbsp;/g, " ");
    expect(words).toContain("« &lt;b&gt;octobre&lt;/b&gt;.ndjson »");
    expect(words).toContain("12 alertes de plus, sur 40 000 enregistrements lus");
    expect(words).toContain("Le début estimé, qui était");
    expect(words).toMatch(/<strong>Sécurité des soins<\/strong> : À déterminer → Rempli/);
    expect(words).toContain("L’incident en a trop pour que Tocsin les relise");
  });
});
