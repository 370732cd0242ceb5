import { riskOfWord } from "../../connectors/shared/severity.ts";
import type { Bound, LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { Fired } from "../../rules/engine/correlation/correlator.ts";
import type { Alert } from "../core/alert.ts";
import { type Instant, isoFromInstant, MICROSECONDS } from "../core/clock.ts";
import type { Detection, MatchReason } from "../core/detection.ts";
import type { NewId } from "../core/id.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Write } from "../store/store.ts";
import type { Arrival } from "./correlate.ts";
import { formatInstant } from "./french.ts";

/** Under this a reason tells the group of a correlation, one a field. */
const GROUP = "group-by";
const LONGEST = 300;
const OWN = "tocsin";
const WORDS: Readonly<Record<Bound["operator"], string>> = {
  gte: "au moins",
  gt: "plus de",
  lte: "au plus",
  lt: "moins de",
  eq: "exactement",
  neq: "autre que",
};
const UNITS = [
  ["j", MICROSECONDS.day],
  ["h", MICROSECONDS.hour],
  ["min", MICROSECONDS.minute],
  ["s", MICROSECONDS.second],
] as const;

/**
 * The alert of a correlation that fired, written as one of our own: what it is about is taken from the last event that
 * it cites. Its identity is that of the group and the window: told twice, after a crash, it is a duplicate.
 */
export function combinedAlert(
  fired: Fired,
  parts: { cited: readonly Arrival[]; received: Instant; zone: string; newId: NewId },
): Write & { write: "alert" } {
  const { correlation, group, at, from, value } = fired;
  const { cited, received, zone, newId } = parts;
  const { rule } = correlation;
  const id = newId();
  const eventId = `${rule.id}/${sha256Hex(fired.key).slice(0, 32)}/${at}`;
  const of = group.map((one) => `${one.field} = ${one.value.slice(0, LONGEST)}`).join(", ");
  const message = `${rule.meaning?.title_fr ?? rule.title} : ${wordsOf(fired)}, du ${formatInstant(from, zone)} au ${formatInstant(at, zone)} (${zone})${of === "" ? "" : `, pour ${of}`}.`;
  const { host, user, source, destination, service, observer, file } = (cited.at(-1)?.alert.alert ??
    {}) as Alert;
  const alert: Alert = {
    ...defined({ host, user, source, destination, service, observer, file }),
    "@timestamp": isoFromInstant(at),
    message,
    event: {
      kind: "alert",
      module: OWN,
      dataset: "tocsin.correlation",
      action: correlation.type,
      id: eventId,
      start: isoFromInstant(from),
      end: isoFromInstant(at),
      risk_score_norm: riskOfWord(rule.level) ?? 50,
    },
    rule: { name: rule.title },
    fields: {
      "correlation.value": value,
      "correlation.alerts": [...new Set(cited.map((arrival) => arrival.alert.id))],
      ...Object.fromEntries(group.map((one) => [`correlation.group.${one.field}`.slice(0, 256), one.value])),
    },
  };
  const detection: Detection = {
    id: newId(),
    alert: id,
    rule,
    because: reasonsOf(fired, cited, zone),
    based_on: cited.map((arrival) => arrival.detection.seq),
  };
  return {
    write: "alert",
    alert: { id, source: OWN, received, occurred: at, eventId, alert },
    detections: [detection],
  };
}

/** The group that a correlation's detection tells; undefined when it is none. */
export function groupOf({ because }: Detection): string[] {
  return because.filter((reason) => reason.selection === GROUP).map((reason) => reason.value);
}

function reasonsOf(fired: Fired, cited: readonly Arrival[], zone: string): MatchReason[] {
  const { correlation, group, value } = fired;
  return [
    ...group.map((one) => ({ selection: GROUP, field: one.field, pattern: "même valeur", value: one.value })),
    {
      selection: correlation.type,
      field: fieldsOf(correlation),
      pattern: askedOf(correlation),
      value: number(value),
    },
    ...cited.map(({ detection, alert }) => ({
      selection: detection.rule.name ?? detection.rule.id,
      field: detection.rule.title,
      pattern: formatInstant(alert.occurred, zone),
      value: (alert.alert.message ?? "").slice(0, LONGEST),
    })),
  ];
}

const fieldsOf = ({ condition, type }: LoadedCorrelation): string =>
  condition.kind === "bounds" && condition.fields.length > 0 ? condition.fields.join(", ") : type;

/** What is asked, in words: `au moins 10 en 10 min`. */
function askedOf({ condition, timespan, type }: LoadedCorrelation): string {
  const span = durationOf(timespan);
  if (type === "absence") return `rien pendant ${span}`;
  if (condition.kind === "alternatives") return `${condition.text} en ${span}`;
  return `${condition.bounds.map((bound) => `${WORDS[bound.operator]} ${bound.number}`).join(", ")} en ${span}`;
}

function wordsOf({ correlation, value }: Fired): string {
  const span = durationOf(correlation.timespan);
  switch (correlation.type) {
    case "event_count":
      return `${number(value)} événements en ${span}`;
    case "value_count":
      return `${number(value)} valeurs différentes de ${fieldsOf(correlation)} en ${span}`;
    case "temporal":
      return `${number(value)} règles ensemble en ${span}`;
    case "temporal_ordered":
      return `${number(value)} règles à la suite en ${span}`;
    case "absence":
      return `rien n'est venu pendant ${span}`;
    default:
      return `${correlation.type} de ${fieldsOf(correlation)} : ${number(value)} en ${span}`;
  }
}

function durationOf(span: number): string {
  const [unit, size] = UNITS.find(([, each]) => span % each === 0 && span >= each) ?? [
    "s",
    MICROSECONDS.second,
  ];
  return `${span / size} ${unit}`;
}

const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2));

function defined<T extends object>(record: T): Partial<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Partial<T>;
}
