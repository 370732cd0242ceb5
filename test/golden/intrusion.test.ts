import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { intrusionRecording, type Recorded } from "../support/intrusion.ts";

const MAIN = resolve(import.meta.dirname, "../../agent/main.ts");
const CONFIG = `facility: { id: chu, name: CHU Exemple, kind: etablissement_de_sante, time_zone: Europe/Paris }
mode: observe
regimes: [sante-2022]
systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: [pacs-*], depends_on: [annuaire] }
  - { id: annuaire, name: Annuaire, kind: directory, hosts: [dc0*], trusted_by_others: true }
  - { id: impression, name: Impression, kind: other, hosts: [srv-imp*] }
`;

interface Found {
  state: string;
  systems: string[];
  causes: string[];
  alerts: { line: number; host: string }[];
  criteria: { id: string; value: string }[];
  verdict: string;
}

/** What `tocsin replay` makes of a recording: its incidents, each with the parts of the recording that its alerts are of. */
function replayed(folder: string, recording: readonly Recorded[]): (Found & { of: string[] })[] {
  writeFileSync(join(folder, "tocsin.yml"), CONFIG);
  const done = spawnSync(process.execPath, [MAIN, "replay", "--json", "--config", "tocsin.yml"], {
    cwd: folder,
    input: recording.map(({ record }) => record).join("\n"),
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(done.stderr);
  const { incidents } = JSON.parse(done.stdout) as { incidents: Found[] };
  return incidents.map((each) => ({
    ...each,
    of: [...new Set(each.alerts.map(({ line }) => recording[line - 1]?.of ?? ""))],
  }));
}

describe("an intrusion of five hours among 2,000 lines of an ordinary morning", () => {
  let folder = "";
  let found: ReturnType<typeof replayed> = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-intrusion-"));
    found = replayed(folder, intrusionRecording(2_000));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is one incident, from the mail to the encryption, over all its machines", () => {
    const [attack, ...more] = found.filter(({ of }) => of.includes("attack"));
    expect(more).toEqual([]);
    expect(attack).toMatchObject({ state: "in_review", of: ["attack"], verdict: "declare" });
    expect(attack?.systems.sort()).toEqual(["annuaire", "pacs"]);
    expect(attack?.causes).toEqual(
      expect.arrayContaining(["phishing", "credential_theft", "system_compromise", "ransomware"]),
    );
    const hosts = new Set(attack?.alerts.map(({ host }) => host?.split(".")[0]?.toLowerCase()));
    expect([...hosts].sort()).toEqual(
      ["dc01", "pacs-srv01", "passerelle", "pc-accueil7", "srv-fic01", "srv-rh02"].sort(),
    );
    const values = Object.fromEntries(attack?.criteria.map(({ id, value }) => [id, value]) ?? []);
    expect(values).toMatchObject({ C1: "met", C2: "met", C3: "met", D6: "met" });
  });

  it("leaves the print server and the cooling, in the same minutes, to themselves", () => {
    const others = found.filter(({ of }) => !of.includes("attack"));
    expect(others.map(({ of, state, verdict }) => [of, state, verdict])).toEqual([
      [["print_server"], "candidate", "watching"],
      [["cooling"], "candidate", "watching"],
    ]);
  });

  it("takes nothing of the ordinary lines, by the same machines and accounts, for a part of it", () => {
    expect(found.flatMap(({ of }) => of)).not.toContain("background");
  });
});
