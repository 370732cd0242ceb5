import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../agent/core/clock.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Incident } from "../../agent/core/incident.ts";
import type { Account } from "../../agent/core/person.ts";
import type { Qualification } from "../../agent/core/qualification.ts";
import { noteSettings } from "../../agent/stages/register/note-settings.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { anIncident, NIGHT } from "./incident.ts";

/** A group of three facilities, of which these people may see all. */
export const GROUP = {
  name: "GHT du Val",
  facilities: [
    { id: "chx", name: "CH X" },
    { id: "chy", name: "CH Y" },
    { id: "chz", name: "CH Z" },
  ],
  members: ["rania", "audrey"],
};

/** Opens an empty record that facilities share, in a folder of its own. */
export function openSharedRecord(clock: Clock): { store: Store; close(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-group-"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  const store = openSqlite({ file: join(folder, "t.sqlite"), signingKey, clock });
  return {
    store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A dossier as some facility keeps it. */
export interface KeptDossier {
  facility: string;
  incident: Partial<Incident> & Pick<Incident, "id">;
  sentence?: string;
  verdict?: Qualification["verdict"];
  facts?: Fact[];
}

/** Writes a dossier into the record of a facility, with what its own law packs said. */
export async function keepDossier(
  store: Store,
  { facility, incident: over, sentence, verdict = "declare", facts = [] }: KeptDossier,
): Promise<Incident> {
  const incident = anIncident({ facility, ...over });
  const record = { write: "record", revision: 1, incident: incident.id } as const;
  const writes: Write[] = [
    { ...record, kind: "incident", id: incident.id, state: incident.state, content: incident },
    ...facts.map(
      (fact): Write => ({
        ...{ ...record, kind: "fact", id: fact.id, state: null },
        content: { ...fact, incident: incident.id },
      }),
    ),
  ];
  if (sentence !== undefined) {
    const content: Qualification = {
      ...{ incident: incident.id, regime: "sante-2022", regime_version: "1", criteria: [], questions: [] },
      ...{ verdict, sentence },
    };
    writes.push({
      ...{ ...record, kind: "qualification", id: `${incident.id}/sante-2022`, state: null },
      content,
    });
  }
  const receipt = await store.commit({ facility, at: NIGHT, writes });
  if (receipt.outcome !== "committed") throw new Error(receipt.because);
  return incident;
}

/** Has a facility note how it is set up, as its daemon does when it starts. */
export async function noteFacility(
  store: Store,
  facility: string,
  { mode, systems }: { mode: string; systems: Readonly<Record<string, string>> },
): Promise<void> {
  const named = Object.entries(systems).map(([id, name]) => [id, { id, name }] as const);
  const settings = { facility: new Map([["mode", mode]]), systems: new Map(named) };
  await noteSettings(settings, { store, facility, now: NIGHT });
}

/** Somebody of the facility whose pages are tested. */
export function aPerson(login: string, role: Account["role"]): Account {
  const contact = { function: "", email: "", phone: "" };
  return { id: `acc-${login}`, login, name: `Dr ${login}`, role, ...contact, active: true, created: NIGHT };
}
