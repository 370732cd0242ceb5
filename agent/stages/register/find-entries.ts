import type { Instant } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { Verdict } from "../../core/qualification.ts";
import { eachInTurn } from "../breather.ts";
import { fold, type RegisterEntry } from "./entry.ts";

/** Which incidents are looked for; what is not named is not looked at. */
export interface Sought {
  states?: readonly Incident["state"][] | undefined;
  system?: string | undefined;
  from?: Instant | undefined;
  /** Up to this instant, itself not included. */
  before?: Instant | undefined;
  verdict?: Verdict | undefined;
  /** Incidents for which this law pack says or advises to declare. */
  regime?: string | undefined;
  declared?: "yes" | "no" | undefined;
  /** Those on which one of these accounts or names acted. */
  mine?: readonly string[] | undefined;
  words?: string | undefined;
}

/** Words of a search that are looked at. */
const WORDS = 8;

/** The incidents that fit all that is asked, in the order given. */
export function findEntries(entries: readonly RegisterEntry[], sought: Sought): RegisterEntry[] {
  return entries.filter(fitting(sought));
}

/** The same while others have their turn: ten thousand incidents hold up nobody's page. */
export async function findInTurn(
  entries: readonly RegisterEntry[],
  sought: Sought,
): Promise<RegisterEntry[]> {
  const fits = fitting(sought);
  const found: RegisterEntry[] = [];
  await eachInTurn(entries, (entry) => {
    if (fits(entry)) found.push(entry);
  });
  return found;
}

function fitting(sought: Sought): (entry: RegisterEntry) => boolean {
  const words = wordsOf(sought.words);
  const states = sought.states && new Set(sought.states);
  return (entry) => {
    const { incident, duties } = entry;
    if (states !== undefined && !states.has(incident.state)) return false;
    if (sought.from !== undefined && incident.occurred < sought.from) return false;
    if (sought.before !== undefined && incident.occurred >= sought.before) return false;
    if (sought.system !== undefined && !incident.systems.includes(sought.system)) return false;
    if (sought.verdict !== undefined && leadingOf(entry)?.verdict !== sought.verdict) return false;
    if (
      sought.regime !== undefined &&
      !duties.some(({ regime, verdict }) => regime === sought.regime && isDue(verdict))
    )
      return false;
    if (sought.declared !== undefined && (filedAt(entry) !== undefined) !== (sought.declared === "yes"))
      return false;
    if (sought.mine !== undefined && !sought.mine.some((each) => entry.people.has(each))) return false;
    return words.every((word) => entry.words.includes(word));
  };
}

/** What a search is about, word by word, folded. */
function wordsOf(text: string | undefined): string[] {
  return fold(text ?? "")
    .split(/\s+/)
    .filter((word) => word !== "")
    .slice(0, WORDS);
}

/** The evaluation that leads state and draft. */
export function leadingOf(entry: RegisterEntry): RegisterEntry["duties"][number] | undefined {
  return entry.duties.find(({ leads }) => leads);
}

/** True when an evaluation says that something is to be declared, or that it is better to. */
export function isDue(verdict: Verdict): boolean {
  return verdict === "declare" || verdict === "advised";
}

/** When the first declaration of an incident was filed; undefined when none was. */
export function filedAt(entry: RegisterEntry): Instant | undefined {
  const filed = filings(entry).map(({ settled, planned }) => settled ?? planned);
  return filed.length === 0 ? undefined : Math.min(...filed);
}

/** Deliveries that are a filing and arrived. */
export function filings(entry: RegisterEntry): RegisterEntry["deliveries"] {
  return entry.deliveries.filter(({ kind, state }) => kind === "declaration" && state === "delivered");
}

/** The clock that runs out next, of those that nobody has met and nothing voided; undefined when none runs. */
export function nextDeadline<
  T extends { due: Instant | null; met: Instant | null; void?: boolean | undefined },
>(deadlines: readonly T[]): T | undefined {
  return deadlines
    .filter((each) => each.met === null && each.void !== true)
    .toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))[0];
}
