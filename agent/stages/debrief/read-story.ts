import type { Instant } from "../../core/clock.ts";
import { DECISION_STEPS, type Decision, type DecisionStep } from "../../core/decision.ts";
import { DECLARATION_KINDS, type Declaration } from "../../core/declaration.ts";
import { DELIVERY_KINDS, type Delivery } from "../../core/delivery.ts";
import { DUTY_STATES, type DutyFile } from "../../core/duty-file.ts";
import type { Effect } from "../../core/effect.ts";
import { FACTS, type Fact } from "../../core/fact.ts";
import type { GroupLink } from "../../core/group-link.ts";
import { INCIDENT_STATES, type Incident } from "../../core/incident.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { LogbookEntry } from "../../core/logbook.ts";
import type { Qualification } from "../../core/qualification.ts";
import { deliveryWords } from "../documents/text-state.ts";
import { tellingOf } from "../french.ts";
import type { DebriefLine, LineKind } from "./debrief.ts";

/** When what counts first happened; absent for what did not. */
export interface Moments {
  opened?: Instant;
  onCallTold?: Instant;
  found?: Instant;
  delegateTold?: Instant;
  declare?: Instant;
  drafted?: Instant;
  decisions: { at: Instant; label: string }[];
  filed?: Instant;
  /** Facts by kind, criteria by id, questions by id. */
  facts: Map<string, Instant>;
  met: Map<string, Instant>;
  answered: Map<string, Instant>;
}

/** What the journal of one incident tells, in the order of writing. */
export interface Story {
  lines: DebriefLine[];
  moments: Moments;
  /** What went wrong by itself: a message that did not arrive, a call that nobody answered. */
  troubles: string[];
}

interface Told {
  channel: string;
  message: { key?: string; event: string; subject?: string };
  attempt: { outcome: string; because?: string };
}

const TO_ON_CALL: ReadonlySet<string> = new Set(["incident_opened"]);
const TO_DELEGATE: ReadonlySet<string> = new Set([
  "decision_needed",
  "handed_over",
  "second_needed",
  "text_corrected",
]);
const ARRIVED: ReadonlySet<string> = new Set(["delivered", "uncertain"]);
const ATTEMPTS: Readonly<Record<string, string>> = {
  delivered: "",
  uncertain: " (sans confirmation)",
  refused: " (REFUSÉ)",
  unreachable: " (NON JOINT)",
};

/** Reads the journal of one incident into a story; what was erased by retention is passed over. */
export function readStory(
  entries: readonly JournalEntry[],
  about: {
    reference: string;
    effects: readonly Effect[];
    /** French name of a system by its id. */
    systemName: (id: string) => string;
  },
): Story {
  const lines: DebriefLine[] = [];
  const troubles: string[] = [];
  const moments: Moments = { decisions: [], facts: new Map(), met: new Map(), answered: new Map() };
  const persons = new Map(about.effects.map(({ key, payload }) => [key, nameIn(payload)]));
  const before = new Map<string, unknown>();
  const readers = new Set<string>();
  const first = (map: Map<string, Instant>, key: string, at: Instant) => {
    if (!map.has(key)) map.set(key, at);
  };

  for (const { type, at, content: text } of entries) {
    if (!READ.has(type) || text === null) continue;
    const entry: unknown = JSON.parse(text);
    const read = type.endsWith(".put") ? (entry as { content: unknown }).content : entry;
    const tell = (kind: LineKind, words: string, by: string | null = null) =>
      lines.push({ at, kind, text: words, by, incident: about.reference });
    const previously = <T>(key: string, now: T): T | undefined => {
      const found = before.get(`${type} ${key}`) as T | undefined;
      before.set(`${type} ${key}`, now);
      return found;
    };

    switch (type) {
      case "incident.put": {
        const incident = read as Incident;
        const was = previously("incident", incident);
        if (was === undefined) {
          moments.opened ??= at;
          tell("recognised", `Incident ouvert : ${INCIDENT_STATES[incident.state]}`);
        } else if (was.state !== incident.state)
          tell("judged", `${INCIDENT_STATES[was.state]} → ${INCIDENT_STATES[incident.state]}`);
        if (incident.found !== null && was?.found == null) {
          moments.found ??= incident.found;
          tell("person", "Constat : une personne prend note");
        }
        const known = new Set((was?.seen ?? []).map(({ account }) => account));
        for (const seen of incident.seen ?? [])
          if (!known.has(seen.account)) tell("person", "Intervient pour la première fois", seen.name);
        break;
      }
      case "fact.put": {
        const fact = read as Fact;
        const was = previously(fact.id, fact);
        const where = fact.system === null ? "" : ` : ${about.systemName(fact.system)}`;
        const label = `${fact.holds ? "" : "Non : "}${FACTS[fact.kind].label}${where}`;
        const { origin } = fact;
        if (was === undefined) {
          if (fact.holds) first(moments.facts, fact.kind, at);
          if (origin.by === "person" && origin.question !== undefined)
            first(moments.answered, origin.question, at);
          const kind = origin.by === "person" ? "person" : "recognised";
          const by =
            origin.by === "rule"
              ? `règle « ${origin.title} »`
              : origin.by === "person"
                ? origin.writer
                : origin.because;
          tell(kind, label, by);
        } else if (was.until === null && fact.until !== null)
          tell("recognised", `Fin : ${label}`, fact.ended?.writer ?? null);
        else if (was.withdrawn === null && fact.withdrawn !== null)
          tell("person", `Retiré : ${label}`, fact.withdrawn.writer);
        break;
      }
      case "qualification.put": {
        const qualification = read as Qualification;
        const was = previously(qualification.regime, qualification);
        const fresh = qualification.criteria.filter(
          ({ id, value }) => value === "met" && was?.criteria.find((each) => each.id === id)?.value !== "met",
        );
        for (const { id } of fresh) first(moments.met, id, at);
        if (qualification.leads === false) break;
        if (qualification.verdict === "declare") moments.declare ??= at;
        if (fresh.length > 0)
          tell("judged", `Rempli : ${fresh.map(({ id, label }) => `${label} (${id})`).join(" ; ")}`);
        if (was?.verdict !== qualification.verdict) tell("judged", qualification.sentence);
        break;
      }
      case "declaration.put": {
        const { id, version, kind, state } = read as Declaration;
        if (previously(`${id}/${version}`, state) === undefined) {
          moments.drafted ??= at;
          tell("text", `${DECLARATION_KINDS[kind]}, version ${version} : projet rédigé`, "machine");
        }
        break;
      }
      case "duty_file.put": {
        const { regime, version, state } = read as DutyFile;
        const was = previously(`${regime}/${version}`, state);
        if (was !== state) tell("text", `Obligation ${regime}, version ${version} : ${DUTY_STATES[state]}`);
        break;
      }
      case "decision.put": {
        const { id, decision, delegate, version, state } = read as Decision;
        const was = previously(id, { state });
        const label = decision === "approved" ? `Texte validé, version ${version}` : "Non déclaré";
        if (was === undefined) {
          moments.decisions.push({ at, label: `${label} (${delegate.name})` });
          tell("decision", `${label}${state === "oral" ? ", de vive voix" : ""}`, delegate.name);
        } else if (was.state !== state && state !== undefined)
          tell(
            "decision",
            state === "contested" ? "Décision orale contestée" : "Décision orale confirmée",
            delegate.name,
          );
        break;
      }
      case "decision_step.put": {
        const { step, by, to } = read as DecisionStep;
        tell("person", `${DECISION_STEPS[step]}${to === null ? "" : ` : ${to.name}`}`, by.name);
        break;
      }
      case "delivery.put": {
        const delivery = read as Delivery;
        const was = previously(delivery.id, delivery.state);
        if (was === delivery.state || delivery.state === "sending") break;
        if (delivery.state === "delivered" && delivery.kind === "declaration") moments.filed ??= at;
        tell(
          "filing",
          `${DELIVERY_KINDS[delivery.kind]} : ${deliveryWords(delivery)}`,
          delivery.by?.name ?? delivery.channel,
        );
        break;
      }
      case "logbook.put": {
        const { id, text, author } = read as LogbookEntry;
        if (previously(id, true) === undefined) tell("note", text, author.name);
        break;
      }
      case "group_link.put": {
        const { id, other, by, withdrawn } = read as GroupLink;
        const was = previously(id, { withdrawn });
        const words = `${other.name}, ${other.reference}`;
        if (was === undefined)
          tell("person", `Lié à un dossier d’un autre établissement : ${words}`, by.name);
        else if (was.withdrawn === null && withdrawn !== null)
          tell("person", `Lien retiré : ${words}`, withdrawn.name);
        break;
      }
      case "note.told": {
        const { channel, message, attempt } = read as Told;
        const whom = message.key === undefined ? undefined : persons.get(message.key);
        const by = whom === undefined ? channel : `${whom}, ${channel}`;
        if (ARRIVED.has(attempt.outcome)) {
          if (TO_ON_CALL.has(message.event)) moments.onCallTold ??= at;
          if (TO_DELEGATE.has(message.event)) moments.delegateTold ??= at;
        }
        const words = tellingOf(message.event);
        tell("called", `${words}${ATTEMPTS[attempt.outcome] ?? ""}`, by);
        if (attempt.outcome !== "delivered")
          troubles.push(`${words} : ${by}${ATTEMPTS[attempt.outcome] ?? ""}`);
        break;
      }
      case "note.call_unanswered":
        tell("called", "Personne n’a répondu aux appels");
        troubles.push("Un tour d’appel a fini sans réponse.");
        break;
      case "note.channel_skipped": {
        const { channel, because } = read as { channel: string; because: string };
        tell("called", `Canal non utilisé : ${because}`, channel);
        break;
      }
      case "note.dossier_read": {
        const { name } = read as { name: string };
        if (readers.has(name)) break;
        readers.add(name);
        tell("person", "Ouvre le dossier", name);
      }
    }
  }
  return { lines, moments, troubles };
}

/** Entries that tell something here: the others, of thousands of alerts, are not even read. */
const READ: ReadonlySet<string> = new Set([
  "incident.put",
  "fact.put",
  "qualification.put",
  "declaration.put",
  "duty_file.put",
  "decision.put",
  "decision_step.put",
  "delivery.put",
  "logbook.put",
  "group_link.put",
  "note.told",
  "note.call_unanswered",
  "note.channel_skipped",
  "note.dossier_read",
]);

function nameIn(payload: unknown): string | undefined {
  const { name } = (payload ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}
