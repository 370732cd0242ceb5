import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import { type Fact, underDefenceSecret } from "../../core/fact.ts";
import { MUTE_KINDS, type Mute } from "../../core/mute.ts";
import { formatInstant } from "../french.ts";
import { sentenceWhenMet } from "../when-told.ts";
import type { Setup, Work } from "../work.ts";
import { mainsOf, toldInPlace } from "./behind.ts";
import { endOf, holding, holdsAt } from "./mutes.ts";
import type { Main } from "./outages.ts";
import { isQuiet, mayWait, mutesOf, type Outweighing, outweighs } from "./weigh.ts";

/** Silences, windows and main outages named of one incident. */
const NAMED = 5;

/** What holds an incident back, by whom, why and until when; or why it does not. */
export interface MutedView {
  /** True while something of it waits: nobody is told of that. */
  holds: boolean;
  /** For a list: one line. */
  line: string;
  /** What that means for this incident, in French. */
  because: string;
  /** What would be said of it now if nothing held it back; null when nothing more would. */
  otherwise: string | null;
  mutes: {
    id: string;
    kind: Mute["kind"];
    covers: string;
    author: string;
    reason: string;
    from: Instant;
    until: Instant;
    over: boolean;
  }[];
  /** Incidents with the outage that this one stands behind. */
  mains: { incident: string; reference: string; system: string }[];
}

/** Says what holds an incident back, or tried to; undefined when nothing does, or nothing of it may wait any more. */
export function tellMuted(work: Work, setup: Setup, now: Instant): MutedView | undefined {
  const { state } = work.incident;
  if (!mayWait(work) || underDefenceSecret(work.facts)) return undefined;
  const facts = work.facts.filter(({ withdrawn }) => withdrawn === null);
  const standing = facts.filter(({ holds }) => holds);
  const covering = unique(facts.flatMap((fact) => setup.mutes.covering(fact)));
  const present = covering.filter((mute) => holdsAt(mute, now));
  const behind = facts.flatMap((fact) => mainsOf(work, fact, setup, now));
  const parts = [
    present.length > 0 ? byPeople(work, standing, present, setup, now) : planned(work, standing, setup, now),
    behind.length > 0 ? byOutage(work, standing, behind, setup, now) : undefined,
  ].filter((each) => each !== undefined);
  const [first] = parts;
  if (first === undefined) return undefined;
  const held = parts.some(({ holds }) => holds);
  return {
    holds: held,
    line: (parts.find(({ holds }) => holds) ?? first).line,
    because: parts.map(({ because }) => because).join(" "),
    otherwise: held && state === "candidate" ? (sentenceWhenMet(work, setup, standing, now) ?? null) : null,
    mutes: parts
      .flatMap(({ mutes }) => mutes)
      .slice(0, NAMED)
      .map((mute) => ({
        id: mute.id,
        kind: mute.kind,
        covers: coverOf(mute, setup.systems),
        author: mute.author.name,
        reason: mute.reason,
        from: mute.from,
        until: endOf(mute),
        over: !holdsAt(mute, now),
      })),
    mains: mainsNamed(behind, setup.systems),
  };
}

interface Part {
  holds: boolean;
  line: string;
  because: string;
  mutes: readonly Mute[];
}

function byPeople(
  work: Work,
  standing: readonly Fact[],
  present: readonly Mute[],
  setup: Setup,
  now: Instant,
): Part {
  const none = (why: string): Part => {
    const because = `Sourdine sans effet : ${why}.`;
    return { holds: false, line: because, because, mutes: present };
  };
  const verdict = work.qualification?.verdict;
  const met = verdict === "declare" || verdict === "advised";
  const stronger = outweighs(work);
  if (stronger !== undefined) return none(met ? "un critère est rempli" : STRONGER[stronger]);
  const held = standing.filter((fact) => holding(mutesOf(work, fact, setup), fact, now).length > 0);
  const [last] = present.toSorted((a, b) => b.until - a.until);
  const line = last === undefined ? "" : lineOf(last, setup);
  if (work.incident.state !== "candidate") {
    if (!isQuiet(work, setup, now))
      return none(met ? "un critère est rempli" : "l'incident contient autre chose");
    const because = "Plus personne n'est prévenu de la suite d'ici là ; ce qui a été dit avant reste dit.";
    return { holds: true, line, because, mutes: present };
  }
  if (held.length === 0) return none("la panne était finie avant");
  const rest = held.length < standing.length;
  const because = rest
    ? "Personne n'est prévenu de cela d'ici là ; le reste de l'incident suit son cours."
    : "Personne n'est prévenu d'ici là ; à la fin, ce qui dure encore est regardé de nouveau.";
  return { holds: true, line, because, mutes: present };
}

const STRONGER: Readonly<Record<Outweighing, string>> = {
  person: "une personne a signalé un fait",
  malice: "un acte malveillant est soupçonné",
  beyond_probes: "un compte ou des données sont en cause",
};

/** Works that are over and for which an outage opened nothing: nobody else will say so. */
function planned(work: Work, standing: readonly Fact[], setup: Setup, now: Instant): Part | undefined {
  if (work.incident.state !== "candidate") return undefined;
  if (sentenceWhenMet(work, setup, standing, now) === undefined) return undefined;
  const over = unique(standing.flatMap((fact) => mutesOf(work, fact, setup))).filter(
    (mute) =>
      mute.kind === "maintenance" &&
      mute.from < now &&
      standing.some(({ since, until }) => mute.from < (until ?? now) && since < endOf(mute)),
  );
  const [last] = over;
  if (last === undefined) return undefined;
  return {
    holds: true,
    line: `Pendant des travaux prévus par ${last.author.name}`,
    because:
      "La panne a eu lieu pendant des travaux prévus : personne n'a été prévenu. Tocsin ne la clôt pas de lui-même : relisez-la, puis clôturez-la, ou constatez un fait pour l'ouvrir.",
    mutes: over,
  };
}

function byOutage(
  work: Work,
  standing: readonly Fact[],
  behind: readonly { main: Main; system: string }[],
  setup: Setup,
  now: Instant,
): Part | undefined {
  const [first] = behind;
  if (first === undefined) return undefined;
  const { reference, told } = first.main;
  const line = `Regroupé sous la panne principale : ${reference}`;
  const below = standing.filter((fact) => mainsOf(work, fact, setup, now).length > 0);
  const open = work.incident.state !== "candidate";
  const adds = toldInPlace(work, setup, { behind: below, with: standing }, now) === undefined;
  const would = sentenceWhenMet(work, setup, standing, now) !== undefined;
  const because = open
    ? `Il dépend de la panne de ${reference}, mais demande une réponse à lui seul.`
    : told && !(would && adds)
      ? "Personne n'est prévenu à part tant que cette panne dure et qu'il ne remplit aucun critère de plus."
      : "La panne principale n'a encore fait prévenir personne : le délai de ce système court toujours.";
  return { holds: !open, line, because: `${line}. ${because}`, mutes: [] };
}

function mainsNamed(
  behind: readonly { main: Main; system: string }[],
  systems: ReadonlyMap<string, System>,
): MutedView["mains"] {
  const named = new Map(
    behind.map(({ main, system }) => [
      main.incident,
      { incident: main.incident, reference: main.reference, system: systems.get(system)?.name ?? "" },
    ]),
  );
  return [...named.values()].slice(0, NAMED);
}

function lineOf(mute: Mute, setup: Setup): string {
  const until = formatInstant(endOf(mute), setup.facility.time_zone);
  return `${MUTE_KINDS[mute.kind]} par ${mute.author.name} jusqu'au ${until}`;
}

/** What a silence or a window of works is about, in French. */
export function coverOf(mute: Mute, systems: ReadonlyMap<string, Pick<System, "name">>): string {
  const name = (id: string) => systems.get(id)?.name ?? id;
  if (mute.kind === "maintenance") {
    const named = mute.covers.systems.map(name).join(", ");
    return mute.covers.dependents ? `${named} et ce qui en dépend` : named;
  }
  const { system, host, rule, source } = mute.covers;
  return [
    ...(system === undefined ? [] : [name(system)]),
    ...(host === undefined ? [] : [`machine ${host}`]),
    ...(rule === undefined ? [] : [`règle ${rule}`]),
    ...(source === undefined ? [] : [`source ${source}`]),
  ].join(", ");
}

function unique(mutes: readonly Mute[]): Mute[] {
  return [...new Map(mutes.map((each) => [each.id, each])).values()];
}
