import { z } from "zod";
import type { Reads } from "../../store/store.ts";

const SettingsNote = z.looseObject({
  first: z.boolean(),
  change: z.record(z.string(), z.looseObject({ changed: z.array(z.string()) })),
});

/**
 * Says in French why a record is none to play in: it was kept in another mode once, so it holds what was no exercise.
 * Undefined when it always was an exercise's.
 */
export async function unfitRecord(
  reads: Pick<Reads, "journalOfHouse">,
  facility: string,
): Promise<string | undefined> {
  const entries = await reads.journalOfHouse(facility, {
    types: ["note.settings"],
    from: 0,
    before: Number.MAX_SAFE_INTEGER,
    limit: 10_000,
  });
  const changed = entries.some(({ content }) => {
    const note = content === null ? undefined : SettingsNote.safeParse(JSON.parse(content)).data;
    return note?.change.facility?.changed.includes("mode");
  });
  if (changed)
    return "ce dossier a été tenu dans un autre mode : il contient du réel, et un exercice n’y entre pas";
  return entries.length === 0 ? "le démon n’y a encore rien noté : démarrez-le d’abord" : undefined;
}
