import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { onCallOf } from "../../../test/support/on-call.ts";
import { rosterOf } from "../../../test/support/rosters.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { DamagedRow } from "../../core/damaged-row.ts";
import type { HouseView } from "../../core/house-view.ts";
import type { StoreTrouble } from "../../core/store-trouble.ts";

let scene: Scene;
afterEach(() => scene.close());

async function health(
  house: Partial<HouseView>,
  people?: { on_call: string[]; delegate: string[] },
  damaged: DamagedRow[] = [],
) {
  const minutes = MICROSECONDS.minute;
  const calls = { remindAfter: 5 * minutes, nextAfter: 5 * minutes, delegateAfter: 15 * minutes, rounds: 3 };
  scene = await startScene({
    house,
    ...(people && {
      onCall: (parts) =>
        onCallOf(parts, {
          calls: { ...calls, rosters: rosterOf(people) },
          notify: [{ id: "sms", for: ["on_call", "delegate"], reaches: "phone" }],
        }),
    }),
  });
  Object.assign(scene.store.reads, { damaged: () => damaged });
  const person = visitor(scene);
  await person.signIn("anne");
  return (await person.get("/chv/sante")).text;
}

const trouble = (kind: StoreTrouble["kind"]): Partial<HouseView> => ({
  causes: () => ["store"],
  storeTrouble: () => ({ kind, because: "disk <b>", since: NIGHT }),
});
const refused = (count: number): Partial<HouseView> => ({
  refusedSettings: () => ({
    at: NIGHT,
    count,
    problems: Array.from({ length: Math.min(count, 100) }, (_, i) => ({
      code: "config_invalid",
      where: `tocsin.yml:${i + 1}:3`,
      message: "mode: <img src=x>",
      remedy: "write live",
    })),
  }),
});
const canary =
  (way: object, every: number | null = 300_000_000) =>
  () => ({
    every,
    ways: [
      {
        name: "fw tcp 127.0.0.1:5514",
        last: NIGHT,
        took: 31_000,
        since: null,
        because: null,
        failing: false,
        ...way,
      },
    ],
    uncovered: [{ name: "siem", because: "polled" as const }],
  });
const FINE = "Toutes les parties de Tocsin tournent";

describe("the page of how the daemon is", () => {
  it.each([
    {
      what: "a full disk",
      house: trouble("full"),
      says: ["Le disque est plein", "Faites de la place", "disk &lt;b&gt;"],
    },
    {
      what: "a disk that takes no writes",
      house: trouble("read_only"),
      says: ["refuse toute écriture", "dmesg"],
    },
    {
      what: "a database that another holds",
      house: trouble("locked"),
      says: ["tenue par un autre programme"],
    },
    { what: "any other fault of the disk", house: trouble("other"), says: ["La base ne s’écrit plus"] },
    {
      what: "a refused configuration, each problem with its line and remedy",
      house: refused(30),
      says: ["Configuration refusée", "tocsin.yml:20:3: mode: &lt;img src=x&gt;; write live", "Et 10 autres"],
    },
    {
      what: "a certificate that is over",
      house: {
        certificates: () => [{ where: "listeners.people", subject: "CN=x", until: NIGHT - 1, problem: null }],
      },
      says: ["Certificat périmé", "listeners.people"],
    },
    {
      what: "a way in through which the canary does not come back",
      house: { canary: canary({ since: NIGHT, because: "HTTP 503 <b>", failing: true }) },
      says: ["Le canari n’est pas revenu", "fw tcp 127.0.0.1:5514", "HTTP 503 &lt;b&gt;", "siem"],
    },
    { what: "canaries that are turned off", house: { canary: canary({}, null) }, says: ["Il est coupé"] },
  ])("tells of $what, and what to do", async ({ house, says }) => {
    const text = await health(house);
    for (const each of says) expect(text).toContain(each);
  });

  it.each([
    {
      what: "a dossier that cannot be read",
      row: { table: "records" as const, kind: "fact", incident: "i", reference: "2026-0003 <b>" },
      says: ["Dossier illisible", "2026-0003 &lt;b&gt;", "tocsin verify", "restaurer"],
    },
    {
      what: "an alert that cannot be read, of a dossier that is followed",
      row: { table: "alerts" as const, kind: "alert", incident: "i", reference: "2026-0003" },
      says: ["Lignes illisibles", "Dossiers touchés", "2026-0003", "tocsin verify"],
    },
    {
      what: "an account that cannot be read",
      row: { table: "records" as const, kind: "account", incident: null, reference: null },
      says: ["Lignes illisibles", "tocsin verify"],
    },
  ])("tells of $what, and what to do, and not that all is well", async ({ row, says }) => {
    const text = await health({ canary: canary({}) }, undefined, [{ id: "x", ...row }]);
    for (const each of says) expect(text).toContain(each);
    expect(text).not.toContain(FINE);
  });

  it("says that all is well when it is, and not while the record cannot be written", async () => {
    expect(await health({ canary: canary({}) })).toContain(FINE);
    scene.close();
    expect(await health(trouble("full"))).not.toContain(FINE);
  });

  it("names who is told in place of a roster that has nobody", async () => {
    const text = await health({}, { on_call: [], delegate: ["claire"] });
    expect(text).toContain("Personne à appeler maintenant");
    expect(text).toMatch(/Astreinte informatique\. Sont prévenus à la place, dans cet ordre[^.]*Dr claire/);
    scene.close();
    expect(await health({}, { on_call: ["omar"], delegate: ["claire"] })).not.toContain("Personne à appeler");
  });
});

it("lists the rules that nothing feeds, as they are written", async () => {
  scene = await startScene({});
  const person = visitor(scene);
  await person.signIn("anne");
  const { text } = await person.get("/chv/regles");
  expect(text).toContain("Cloud log &lt;b&gt;");
  expect(text).toContain("aws / cloudtrail");
  expect(text).toContain("Aucun dossier clos comme fausse alerte");
});
