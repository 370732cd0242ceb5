import type { Closing } from "../../core/closing.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Decision } from "../../core/decision.ts";
import { contentOf, type Declaration } from "../../core/declaration.ts";
import type { Delivery } from "../../core/delivery.ts";
import { type DutyFile, dutyContentOf } from "../../core/duty-file.ts";
import { FACTS, type Fact, underDefenceSecret } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import type { ChangedRecord } from "../../store/store.ts";
import { lateReasonIn } from "../duties/settle-duty.ts";

/** What the register keeps of a record, with the journal entry that holds its present revision. */
export type Noted<T> = T & { entry: number };

/** An evaluation under one duty, without its reasons. */
export interface Duty {
  regime: string;
  version: string;
  title: string;
  verdict: Qualification["verdict"];
  leads: boolean;
  sentence: string;
  /** Labels of the criteria that are met. */
  met: string[];
}

/** A version of a declaration without its text. */
export interface DeclarationLine {
  id: string;
  version: number;
  kind: Declaration["kind"];
  state: Declaration["state"];
  regime: string;
  sha256: string;
  /** Of a text that was decided on: its law pack, the criteria met in it, whether it is an exercise. */
  sealed: { pack: string; met: string[]; exercise: boolean } | null;
}

/** A version of the text of another duty, without it. */
export interface DutyVersion
  extends Pick<DutyFile, "id" | "incident" | "regime" | "version" | "state" | "decision" | "notified"> {
  /** Grows with each new version of the facility. */
  created: number;
  /** What the report needs of its text, once it was decided on; null of a draft. */
  told: { exercise: boolean; late: string | null } | null;
}

/** One incident with all that the register says of it. */
export interface RegisterEntry {
  incident: Noted<Incident>;
  /** Grows with each new incident: what lists are ordered by. */
  created: number;
  /** True while a flag of defence secret stands: nothing else of it is said. */
  secret: boolean;
  facts: Pick<
    Fact,
    | "id"
    | "kind"
    | "holds"
    | "system"
    | "subjects"
    | "since"
    | "stated"
    | "withdrawn"
    | "rules"
    | "sources"
    | "origin"
  >[];
  duties: Noted<Duty>[];
  deadlines: Noted<Deadline>[];
  declarations: Noted<DeclarationLine>[];
  decisions: Noted<Decision>[];
  deliveries: Noted<Delivery>[];
  closings: Noted<Closing>[];
  /** The oldest first, and as people wrote: who shows their words masks them. */
  dutyVersions: Noted<DutyVersion>[];
  /** Accounts and names of those who acted on it. */
  people: Set<string>;
  /** What a search looks through, folded. */
  words: string;
}

/** The records that an entry is made of, by kind and id, as far as they were read. */
export type Parts = Map<string, ChangedRecord>;

/** Kinds of record that an entry is made of. */
export const ENTRY_KINDS: ReadonlySet<string> = new Set([
  "incident",
  "fact",
  "qualification",
  "deadline",
  "declaration",
  "decision",
  "delivery",
  "closing",
  "duty_file",
]);

/** Characters of an incident that a search looks through. */
const SEARCHED = 6000;

/** Keeps of a record what an entry needs: a text of twenty pages is not held for each version of it. */
export function leanRecord(record: ChangedRecord): ChangedRecord {
  if (record.kind === "declaration")
    return { ...record, content: declarationLine(record.content as Declaration) };
  if (record.kind === "qualification") return { ...record, content: dutyOf(record.content as Qualification) };
  if (record.kind === "duty_file") {
    const { canonical, ...file } = record.content as DutyFile;
    const { id, incident, regime, version, state, decision, notified } = file;
    const { created } = record;
    const told = state === "draft" || state === "replaced" ? null : toldOf({ canonical });
    return {
      ...record,
      content: { id, incident, regime, version, state, decision, notified, created, told },
    };
  }
  return record;
}

/** Makes the entry of one incident of its records; undefined while the incident itself was not read. */
export function entryOf(
  parts: Parts,
  { names, mask }: { names: ReadonlyMap<string, string>; mask: <T>(value: T, incident: string) => T },
): RegisterEntry | undefined {
  const all = <T>(kind: string) =>
    [...parts.values()]
      .filter((each) => each.kind === kind)
      .sort((a, b) => a.created - b.created)
      .map(({ content, entry }) => ({ ...(content as T), entry }));
  const found = [...parts.values()].find(({ kind }) => kind === "incident");
  if (found === undefined) return undefined;
  const { id } = found;
  const facts = all<Fact>("fact");
  const secret = underDefenceSecret(facts);
  const decisions = all<Decision>("decision");
  const raw = found.content as Incident;
  const incident = mask({ ...raw, entry: found.entry }, id);
  const duties = mask(all<Duty>("qualification"), id);
  const told = mask(
    facts.map(({ text, withdrawn }) => ({ text, reason: withdrawn?.reason })),
    id,
  );
  return {
    incident: secret
      ? { ...incident, entities: [], systems: [], causes: [], because: "", closure: undefined }
      : incident,
    created: found.created,
    secret,
    facts: facts.map(
      ({ id, kind, holds, system, subjects, since, stated, withdrawn, rules, sources, origin }) => ({
        ...{ id, kind, holds, system, subjects, since, stated, withdrawn, origin },
        ...{ rules, sources },
      }),
    ),
    duties,
    deadlines: secret ? [] : all<Deadline>("deadline"),
    declarations: all<DeclarationLine>("declaration").sort((a, b) => a.version - b.version),
    decisions: mask(decisions, id).map((each) => (secret ? { ...each, reason: null } : each)),
    deliveries: all<Delivery>("delivery"),
    closings: mask(all<Closing>("closing"), id).map((each) => (secret ? { ...each, because: "" } : each)),
    dutyVersions: secret ? [] : all<DutyVersion>("duty_file"),
    people: new Set([
      ...(raw.declarant === null ? [] : [raw.declarant]),
      ...decisions.map(({ delegate }) => delegate.account),
      ...facts.flatMap(({ origin, ended }) => [
        ...(origin.by === "person" ? [origin.writer] : []),
        ...(ended === undefined ? [] : [ended.writer]),
      ]),
      ...(raw.closure === undefined ? [] : [raw.closure.writer]),
    ]),
    words: secret
      ? fold(raw.reference)
      : fold(
          [
            incident.reference,
            ...incident.systems.flatMap((each) => [names.get(each) ?? "", each]),
            incident.because,
            ...duties
              .filter(({ verdict }) => verdict !== "not_applicable")
              .flatMap(({ sentence }) => sentence),
            ...incident.entities.map(({ value }) => value),
            ...facts.flatMap(({ kind, subjects, withdrawn }) =>
              withdrawn === null ? [FACTS[kind].label, ...subjects] : [],
            ),
            ...told.flatMap(({ text }) => text ?? []),
          ].join("\n"),
        ).slice(0, SEARCHED),
  };
}

/** Lower case without accents: what a person types on a telephone finds what a source wrote. */
export function fold(text: string): string {
  return text
    .slice(0, SEARCHED * 2)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase();
}

function dutyOf(content: Qualification): Duty {
  const { regime, regime_version, title, verdict, leads, sentence, criteria } = content;
  return {
    regime,
    version: regime_version,
    title: title ?? regime,
    verdict,
    leads: leads !== false,
    sentence,
    met: criteria
      .filter(({ value, leads_to }) => value === "met" && leads_to !== "nothing")
      .map(({ label }) => label),
  };
}

function declarationLine(declaration: Declaration): DeclarationLine {
  const { id, version, kind, state, regime, sha256 } = declaration;
  return {
    ...{ id, version, kind, state, regime, sha256 },
    sealed: state === "draft" || state === "replaced" ? null : sealedOf(declaration),
  };
}

function toldOf(file: Pick<DutyFile, "canonical">): DutyVersion["told"] {
  const content = dutyContentOf(file);
  return { exercise: content.exercise, late: lateReasonIn(content) ?? null };
}

function sealedOf(declaration: Declaration): DeclarationLine["sealed"] {
  const { pack, criteria, exercise } = contentOf(declaration);
  const met = criteria.filter(({ value, leads_to }) => value === "met" && leads_to !== "nothing");
  return {
    pack: `${pack.id}, version ${pack.version}`,
    met: met.map(({ label, article }) => `${label} (${article})`),
    exercise,
  };
}
