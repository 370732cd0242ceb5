import type { Instant } from "../../core/clock.ts";
import { FACT_SOURCES, FACTS, type Fact, type FactKind, JUDGEMENTS } from "../../core/fact.ts";
import { mayAct } from "../../core/person.ts";
import { formatInstant } from "../french.ts";
import { moveBeginning, restoreBeginning } from "../grouping/move-beginning.ts";
import { settleMalice } from "../grouping/settle-malice.ts";
import { callDelegate } from "../notify.ts";
import { type Actor, badReason, type Refused, refuse, WRITING } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup, Work } from "../work.ts";
import type { FactEnd, FactWithdrawal, Statement } from "./desk.ts";

/** Refuses what a person cannot state: nothing, an unknown system, too long a text, an impossible date. */
export function unfit(
  { kinds, systems, since, source, text }: Statement,
  { setup, actor, now }: { setup: Setup; actor: Actor; now: Instant },
): Refused | undefined {
  if (kinds.length === 0)
    return refuse("nothing_said", "Dites ce qui se passe : choisissez au moins un fait.");
  const judged = kinds.find((kind) => JUDGEMENTS.has(kind));
  if (judged !== undefined)
    return refuse("bad_kind", `« ${FACTS[judged].label} » se dit en répondant à sa question.`);
  if (kinds.includes("exceptional_situation") && !mayAct(actor, "edit"))
    return refuse("not_allowed", `« ${FACTS.exceptional_situation.label} » ne peut être dit par votre rôle.`);
  const unknown = systems.find((id) => !setup.systems.has(id));
  if (unknown !== undefined)
    return refuse("unknown_system", `Le système « ${unknown.slice(0, 60)} » n'est pas décrit ici.`);
  if (systems.length > WRITING.systems)
    return refuse("too_many_systems", `Choisissez ${WRITING.systems} systèmes au plus.`);
  if (text.length > WRITING.text)
    return refuse("too_long", `Le récit compte ${text.length} caractères : ${WRITING.text} au plus.`);
  if (source.name.length > WRITING.name)
    return refuse("too_long", `Le nom de qui le dit compte ${WRITING.name} caractères au plus.`);
  if (source.who === "other" && source.name === "")
    return refuse("source_missing", "Dites qui le dit : un nom ou une fonction.");
  return since === undefined ? undefined : impossible(since, now, setup.facility.time_zone);
}

/** Who knew, in words: what they are, and their name. */
function sourceOf({ who, name }: Statement["source"], actor: Actor): string {
  if (who === "self") return name === "" ? actor.name : `${actor.name} (${name})`;
  if (who === "other") return name;
  return name === "" ? FACT_SOURCES[who] : `${FACT_SOURCES[who]}, ${name}`;
}

/** Adds what a person states, for each system named; the first fact carries the form's own id. */
export function stateFacts(
  work: Work,
  statement: Statement,
  { setup, actor, now }: { setup: Setup; actor: Actor; now: Instant },
): { outcome: "stated" } | Refused {
  const wrong = unfit(statement, { setup, actor, now });
  if (wrong !== undefined) return wrong;
  // The same form, sent twice in one breath.
  if (work.facts.some(({ id }) => id === statement.form)) return { outcome: "stated" };
  const source = sourceOf(statement.source, actor);
  const stated = [...new Set(statement.kinds)].flatMap((kind) =>
    (FACTS[kind].about === "system" && statement.systems.length > 0
      ? [...new Set(statement.systems)]
      : [null]
    ).map((system) => ({ kind, system })),
  );
  for (const [i, { kind, system }] of stated.entries())
    addFact(
      work,
      {
        id: i === 0 ? statement.form : setup.newId(),
        kind,
        holds: true,
        system,
        since: statement.since ?? now,
        origin: { by: "person", source, writer: actor.name },
        ...(statement.text !== "" && { text: statement.text }),
      },
      now,
    );
  noteSystems(work, statement.systems);
  if (statement.callDelegate === true) callDelegate(work, setup, { fact: statement.form, now });
  return { outcome: "stated" };
}

/** What a person says of systems makes later alerts about them join. */
export function noteSystems(work: Work, systems: readonly string[]): void {
  const { incident } = work;
  const fresh = [...new Set(systems)].filter((id) => !incident.systems.includes(id));
  if (fresh.length === 0) return;
  const entities = fresh.map((value) => ({ kind: "system" as const, value }));
  work.incident = {
    ...incident,
    systems: [...incident.systems, ...fresh],
    entities: [...incident.entities, ...entities],
  };
}

/** Adds a fact of a person; what it tells of the beginning and of malice goes to the incident. */
export function addFact(
  work: Work,
  fact: Pick<Fact, "id" | "kind" | "holds" | "system" | "since" | "text"> & {
    origin: Extract<Fact["origin"], { by: "person" }>;
  },
  now: Instant,
): void {
  work.facts.push({
    incident: work.incident.id,
    subjects: [],
    until: null,
    confidence: "confirmed",
    ended_by: [],
    evidence: [],
    alerts: 0,
    stated: now,
    withdrawn: null,
    ...fact,
  });
  if (fact.holds) {
    const because = `${FACTS[fact.kind].label}, signalé par ${fact.origin.source}.`;
    moveBeginning(work, fact.since, { because, fact: fact.id });
  }
  settleMalice(work);
}

/** Ends a state: its criterion stays met, since it was so. */
export function endFact(
  work: Work,
  end: FactEnd,
  { setup, actor, now }: { setup: Setup; actor: Actor; now: Instant },
): { outcome: "ended" } | Refused {
  const zone = setup.facility.time_zone;
  const fact = work.facts.find(({ id }) => id === end.fact);
  if (fact === undefined) return refuse("unknown_fact", "Ce fait n'est pas de cet incident.");
  const { label, lasts } = FACTS[fact.kind];
  if (lasts === "event" || !fact.holds)
    return refuse("not_a_state", `« ${label} » est un événement : il ne prend pas fin. Il peut être retiré.`);
  if (fact.withdrawn !== null) return alreadyWithdrawn(fact, zone);
  const until = end.until ?? now;
  // The same form sent twice, or two people who say the same.
  if (fact.until === until && fact.ended?.writer === actor.name) return { outcome: "ended" };
  if (fact.until !== null)
    return refuse(
      "already_ended",
      `« ${label} » a déjà pris fin le ${formatInstant(fact.until, zone)}${fact.ended === undefined ? " d'après les alertes" : `, noté par ${fact.ended.writer}`}. Votre saisie n'est pas enregistrée.`,
    );
  if (until < fact.since)
    return refuse(
      "ends_before_it_starts",
      `La fin (${formatInstant(until, zone)}) précède le début (${formatInstant(fact.since, zone)}).`,
    );
  const wrong = impossible(until, now, zone);
  if (wrong !== undefined) return wrong;
  if (end.source.name.length > WRITING.name)
    return refuse("too_long", `Le nom de qui le dit compte ${WRITING.name} caractères au plus.`);
  const ended = { at: now, source: sourceOf(end.source, actor), writer: actor.name };
  replaceFact(work, { ...fact, until, ended });
  return { outcome: "ended" };
}

/** Withdraws a fact that was never true: it stays readable, and its criterion is lost. */
export function withdrawFact(
  work: Work,
  { fact: id, reason: given }: FactWithdrawal,
  { setup, actor, now }: { setup: Setup; actor: Actor; now: Instant },
): { outcome: "withdrawn" } | Refused {
  const fact = work.facts.find((each) => each.id === id);
  if (fact === undefined) return refuse("unknown_fact", "Ce fait n'est pas de cet incident.");
  const own = fact.origin.by === "person" && fact.origin.writer === actor.name;
  if (!own && !mayAct(actor, "edit"))
    return refuse("not_allowed", "Votre rôle ne permet de retirer que ce que vous avez écrit.");
  if (fact.kind === "defence_secret") return refuse("bad_kind", "Le secret se lève par son propre bouton.");
  const reason = given.trim();
  const wrong = badReason(reason);
  if (wrong !== undefined) return wrong;
  if (fact.withdrawn !== null) {
    const same = fact.withdrawn.writer === actor.name && fact.withdrawn.reason === reason;
    return same ? { outcome: "withdrawn" } : alreadyWithdrawn(fact, setup.facility.time_zone);
  }
  replaceFact(work, { ...fact, withdrawn: { at: now, writer: actor.name, reason } });
  restoreBeginning(work, id);
  settleMalice(work);
  return { outcome: "withdrawn" };
}

function alreadyWithdrawn({ kind, withdrawn }: Fact, zone: string): Refused {
  const by = withdrawn === null ? "" : ` par ${withdrawn.writer} le ${formatInstant(withdrawn.at, zone)}`;
  return refuse(
    "already_withdrawn",
    `« ${FACTS[kind].label} » a déjà été retiré${by}. Votre saisie n'est pas enregistrée.`,
  );
}

/** Withdraws what a person answered to a question before: a later answer puts it right. */
export function withdrawAnswer(
  work: Work,
  answer: { question: string; kinds: ReadonlySet<FactKind>; writer: string },
  now: Instant,
): void {
  const before = work.facts.filter(
    ({ kind, origin, withdrawn }) =>
      origin.by === "person" &&
      origin.question === answer.question &&
      withdrawn === null &&
      answer.kinds.has(kind),
  );
  for (const fact of before) {
    replaceFact(work, {
      ...fact,
      withdrawn: { at: now, writer: answer.writer, reason: "Réponse corrigée." },
    });
    restoreBeginning(work, fact.id);
  }
  settleMalice(work);
}

function replaceFact(work: Work, fact: Fact): void {
  work.facts = work.facts.map((each) => (each.id === fact.id ? fact : each));
}
