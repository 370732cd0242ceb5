import { LOGBOOK, type LogbookEntry } from "../../core/logbook.ts";
import type { Store } from "../../store/store.ts";
import { type Actor, type Refused, refuse } from "../person-act.ts";
import type { Setup, Work } from "../work.ts";
import type { LogbookDesk, Note } from "./desk.ts";
import { FORM } from "./facts-desk.ts";
import { impossible } from "./person-facts.ts";

/** Builds the part of the desk where people write their own notes on an incident. */
export function logbookDesk(parts: {
  store: Store;
  setup: Setup;
  now: () => number;
  /** Works on one incident for a person who may answer; writing on a closed one is allowed, declaring is not touched. */
  actBeside: <T extends { outcome: string }>(
    incident: string,
    actor: Actor,
    work: (work: Work, now: number) => T | Refused,
  ) => Promise<T | Refused>;
}): LogbookDesk {
  const { store, setup, actBeside } = parts;
  const facility = setup.facility.id;
  return {
    async writeNote(note, actor) {
      const wrong = unfit(note, { setup, now: parts.now() });
      if (wrong !== undefined) return wrong;
      const known = await store.reads.record(facility, "logbook", note.form);
      if (known !== undefined) return known.content.incident === note.incident ? { outcome: "noted" } : STALE;
      const written = await store.reads.ofIncident(facility, "logbook", note.incident);
      if (written.length >= LOGBOOK.notes)
        return refuse(
          "too_many_notes",
          `La main courante de cet incident a ${LOGBOOK.notes} notes : c'est le plus.`,
        );
      return actBeside(note.incident, actor, (work, now) => {
        const content: LogbookEntry = {
          id: note.form,
          incident: note.incident,
          at: now,
          about: note.about ?? now,
          author: { account: actor.id, name: actor.name },
          text: note.text.trim(),
        };
        const record = { kind: "logbook", id: content.id, revision: 1, state: null } as const;
        work.beside.push({ write: "record", ...record, incident: note.incident, content });
        return { outcome: "noted" };
      });
    },
  };
}

const STALE = refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");

function unfit(
  { form, text, about }: Note,
  { setup, now }: { setup: Setup; now: number },
): Refused | undefined {
  if (!FORM.test(form)) return STALE;
  if (text.trim() === "") return refuse("nothing_said", "La note est vide : écrivez ce qui s'est passé.");
  if (text.length > LOGBOOK.text)
    return refuse("too_long", `La note compte ${text.length} caractères : ${LOGBOOK.text} au plus.`);
  return about === undefined ? undefined : impossible(about, now, setup.facility.time_zone);
}
