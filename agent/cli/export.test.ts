import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandScene, openHouse } from "../../test/support/command-scene.ts";
import { anIncident, NIGHT } from "../../test/support/incident.ts";
import { contentOfScene, draftOf } from "../../test/support/web-declaration.ts";
import type { Fact } from "../core/fact.ts";
import type { Store, Write } from "../store/store.ts";
import { run } from "./program.ts";

const scene = commandScene("export");
let store: Store;

beforeEach(async () => {
  store = openHouse(scene);
  const incident = anIncident({ id: "inc-1", facility: "chv", reference: "2026-0007", state: "in_review" });
  const texts = [1, 2].map((version) => draftOf(contentOfScene(version, `Texte ${version}.`)));
  await commit([
    {
      write: "record",
      kind: "incident",
      id: "inc-1",
      revision: 1,
      incident: "inc-1",
      state: "in_review",
      content: incident,
    },
    ...texts.map(
      (content): Write => ({
        write: "record",
        kind: "declaration",
        id: `dec-1/${content.version}`,
        revision: 1,
        incident: "inc-1",
        state: content.state,
        content,
      }),
    ),
    {
      write: "alert",
      alert: {
        id: "alert-1",
        source: "proxy",
        received: NIGHT,
        occurred: NIGHT,
        eventId: null,
        alert: { source: { ip: "203.0.113.7" }, user: { name: "amorel" } },
      },
      detections: [
        {
          id: "detection-1",
          alert: "alert-1",
          rule: { id: "r", version: "000000000000", title: "Beacon", level: "high", tags: ["attack.t1071"] },
          because: [],
        },
      ],
    },
    { write: "join", incident: "inc-1", detections: [1] },
  ]);
});
afterEach(() => store.close());

async function commit(writes: Write[]): Promise<void> {
  const receipt = await store.commit({ facility: "chv", at: NIGHT, writes });
  if (receipt.outcome !== "committed") throw new Error(receipt.because);
}
const exported = async (...args: string[]) => {
  await run(["node", "tocsin", "export", "2026-0007", ...args, "--config", scene.config]);
  return Buffer.concat(scene.out);
};

describe("tocsin export", () => {
  it("writes the last version, or the one named", async () => {
    expect(JSON.parse(String(await exported()))).toMatchObject({ declaration: { version: 2 } });
    scene.out = [];
    expect(String(await exported("--format", "markdown", "--version", "1"))).toContain(":** Texte 1. *(");
    scene.out = [];
    expect(String(await exported("--format", "pdf")).slice(0, 8)).toBe("%PDF-1.7");
  });

  it("writes indicators under a label, with accounts only when they are asked for", async () => {
    const stix = JSON.parse(String(await exported("--format", "stix", "--tlp", "GREEN")));
    expect(stix.objects.map(({ type }: { type: string }) => type)).toContain("ipv4-addr");
    expect(stix.objects[0].name).toBe("TLP:GREEN");
    expect(JSON.stringify(stix)).not.toContain("amorel");
    scene.out = [];
    expect(String(await exported("--format", "misp", "--accounts"))).toContain("amorel");
  });

  it("is in the journal, with the format and the label", async () => {
    await exported("--format", "misp", "--tlp", "RED");
    const entries = await store.reads.journalOf("chv", "inc-1");
    expect(entries.at(-1)).toMatchObject({ type: "note.exported" });
    expect(JSON.parse(entries.at(-1)?.content ?? "")).toEqual({ format: "misp", tlp: "RED" });
  });

  it("writes a file once, and never over another", async () => {
    const file = join(scene.folder, "x.json");
    await exported("--output", file);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ format: "tocsin-declaration/1" });
    await exported("--format", "stix", "--output", file);
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ format: "tocsin-declaration/1" });
  });

  it.each([
    [
      "a version that is not there",
      ["--version", "3"],
      1,
      "declaration_unknown: 2026-0007: its declaration has no version 3",
    ],
    ["a version that is none", ["--version", "0"], 2, "write a number from 1 on"],
    [
      "a label of another protocol",
      ["--format", "stix", "--tlp", "WHITE"],
      2,
      "CLEAR, GREEN, AMBER, AMBER+STRICT, RED",
    ],
    ["a format that is none", ["--format", "doc"], 2, "json, markdown, pdf, stix, misp"],
  ])("refuses %s", async (_, args, code, because) => {
    expect(String(await exported(...args))).toBe("");
    expect(process.exitCode).toBe(code);
    expect(scene.errors).toContain(because);
  });

  it("writes nothing of what is under the secret of national defence", async () => {
    const secret: Fact = {
      id: "fact-1",
      incident: "inc-1",
      kind: "defence_secret",
      holds: true,
      system: null,
      subjects: [],
      since: NIGHT,
      until: null,
      confidence: "confirmed",
      origin: { by: "person", source: "Dora", writer: "Dora" },
      alerts: 0,
      evidence: [],
      stated: NIGHT,
      withdrawn: null,
    } as unknown as Fact;
    await commit([
      {
        write: "record",
        kind: "fact",
        id: "fact-1",
        revision: 1,
        incident: "inc-1",
        state: null,
        content: secret,
      },
    ]);
    for (const format of ["json", "stix"]) expect(String(await exported("--format", format))).toBe("");
    expect(scene.errors).toMatch(/withheld.*\n.*withheld/);
  });
});
