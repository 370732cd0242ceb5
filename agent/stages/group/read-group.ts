import { CAUSES } from "../../core/detection.ts";
import { INCIDENT_STATES, Incident } from "../../core/incident.ts";
import { Qualification } from "../../core/qualification.ts";
import type { Reads } from "../../store/store.ts";
import { readNoted } from "../register/note-settings.ts";
import type { GroupDossier, GroupFacility, GroupSought } from "./group-desk.ts";

/** Dossiers shown of one facility. */
export const SHOWN = 30;
/** What a facility still has to do something about; what it only watches is asked for by its state. */
const OPEN = ["in_review", "open", "approved", "declared", "facts_ended"] as const;

/** Characters shown of a text of another facility. */
const LONGEST = 500;
export const cut = (text: string) => text.slice(0, LONGEST);

type State = Incident["state"];

/** What kind of incident it is, by causes alone: what happened in it stays where it happened. */
export function titleOf({ causes }: Pick<Incident, "causes">): string {
  return causes.length === 0 ? "Cause non établie" : causes.map((cause) => CAUSES[cause].label).join(", ");
}

/** What leads of an incident; undefined while nothing was evaluated. */
export async function leadingOf(
  reads: Reads,
  facility: string,
  incident: string,
): Promise<Qualification | undefined> {
  const found = await reads.ofIncident(facility, "qualification", incident);
  const leading = found.findLast(({ content }) => content.leads !== false)?.content;
  // Others wrote it: what is none is refused, and shows as nothing that can be read.
  return leading && Qualification.parse(leading);
}

/** A dossier of a facility by its reference or id; undefined when none is seen from here. */
export async function incidentOf(
  reads: Reads,
  facility: string,
  named: string,
): Promise<Incident | undefined> {
  const id = (await reads.incidentNamed(facility, named)) ?? named;
  const stored = await reads.record(facility, "incident", id);
  return stored && Incident.parse(stored.content);
}

/** Reads what is open in one facility, by the rights that the record gives; what is under defence secret is left out. */
export async function readFacility(
  reads: Reads,
  facility: { id: string; name: string; ours: boolean },
  sought: GroupSought,
): Promise<GroupFacility> {
  const row = { ...facility, dossiers: [], more: false, mode: undefined };
  try {
    const { head } = await reads.journalEnd(facility.id);
    // A facility that ever ran has a journal: without a right, PostgreSQL shows none of its rows and says nothing.
    if (head === null) return { ...row, outcome: "unread" };
    const noted = await readNoted(reads, facility.id);
    const wanted = statesOf(sought);
    const found =
      wanted.length === 0 ? [] : await reads.byState(facility.id, "incident", wanted, { limit: SHOWN + 1 });
    const dossiers = await Promise.all(
      found
        .slice(0, SHOWN)
        .map(({ content }) => dossierOf(reads, facility.id, Incident.parse(content), noted?.systems)),
    );
    return {
      ...{ ...row, outcome: "read", mode: noted?.mode, more: found.length > SHOWN },
      dossiers: dossiers
        .filter((each) => each !== undefined)
        .sort((a, b) => Number(b.awaited) - Number(a.awaited)),
    };
  } catch {
    // Whoever watches the record tells why; the other facilities are shown all the same.
    return { ...row, outcome: "unread" };
  }
}

async function dossierOf(
  reads: Reads,
  facility: string,
  incident: Incident,
  names: ReadonlyMap<string, string> | undefined,
): Promise<GroupDossier | undefined> {
  const { id, reference, state, occurred, systems } = incident;
  const [qualification, [last]] = await Promise.all([
    leadingOf(reads, facility, id),
    reads.putsOf(facility, "incident", id, 1),
  ]);
  if (qualification?.verdict === "withheld") return undefined;
  return {
    ...{ incident: id, reference: cut(reference), title: titleOf(incident), state, occurred },
    sentence: qualification === undefined ? null : cut(qualification.sentence),
    systems: systems.map((each) => cut(names?.get(each) ?? each)),
    awaited: state === "in_review",
    last: last !== undefined && Number.isSafeInteger(last.at) ? last.at : incident.last_alert,
    proposed: false,
  };
}

function statesOf({ state, awaited }: GroupSought): State[] {
  const asked: readonly State[] = Object.hasOwn(INCIDENT_STATES, state) ? [state as State] : OPEN;
  return asked.filter((each) => !awaited || each === "in_review");
}
