import { type Instant, isoFromInstant } from "../../core/clock.ts";
import { DUTY_STATES, type DutyFile, dutyContentOf, dutyKey } from "../../core/duty-file.ts";
import type { Reads } from "../../store/store.ts";
import type { DutyVersion, RegisterEntry } from "../register/entry.ts";
import { csvField } from "../register/export-register.ts";

/** One personal data breach: the facts, its effects and what was done (RGPD, article 33 (5)), notified or not. */
export interface BreachLine {
  incident: string;
  regime: string;
  reference: string;
  exercise: boolean;
  /** Of the last version. */
  version: number;
  state: DutyFile["state"];
  occurred: string;
  awareness: string;
  description: string;
  nature: string;
  cause: string;
  data: string;
  people: string;
  consequences: string;
  highRisk: string;
  informed: string;
  measures: string;
  /** Notifications, the first one first. */
  notified: { at: Instant; reference: string; where: string; by: string }[];
  /** Why it came late, or why nothing was notified. */
  late: string;
  reason: string;
  decidedBy: string;
  /** Of the last version's text. */
  sha256: string;
}

/** The versions of one file, the oldest first: nothing of their texts is read. */
export type Breach = readonly DutyVersion[];

/**
 * What the internal register of breaches has: each file of a duty with such a register, the latest first. A dossier under
 * the secret of national defence is not in it, nor a draft of an incident that went into another.
 */
export function breachesIn(entries: readonly RegisterEntry[], registers: ReadonlySet<string>): Breach[] {
  const breaches: DutyVersion[][] = [];
  for (const { incident, secret, duties, dutyVersions } of entries) {
    if (dutyVersions.length === 0 || secret || duties.some(({ verdict }) => verdict === "withheld")) continue;
    for (const regime of registers) {
      const versions = dutyVersions.filter((each) => each.regime === regime);
      const last = versions.at(-1);
      if (last === undefined || (incident.state === "merged" && last.state === "draft")) continue;
      breaches.push(versions);
    }
  }
  return breaches.sort((a, b) => (b.at(-1)?.created ?? 0) - (a.at(-1)?.created ?? 0));
}

/** The lines of breaches, each with the text that is read when it is asked for. */
export async function* eachBreachLine(
  reads: Pick<Reads, "record">,
  facility: string,
  breaches: readonly Breach[],
): AsyncGenerator<BreachLine> {
  for (const versions of breaches) {
    const last = versions.at(-1);
    const read = last && (await reads.record(facility, "duty_file", dutyKey(last)));
    if (read !== undefined) yield lineOf(versions, read.content);
  }
}

function lineOf(versions: Breach, last: DutyFile): BreachLine {
  const content = dutyContentOf(last);
  const fields = new Map(content.sections.flatMap((each) => each.fields).map((each) => [each.id, each]));
  const value = (id: string) => {
    const field = fields.get(id);
    return field?.value ?? (field?.unknown === true ? "inconnu à ce stade" : "");
  };
  const given = (id: string) => fields.get(id)?.value ?? "";
  const decided = versions.findLast(({ decision }) => decision !== undefined)?.decision;
  const lates = [given("late_reason"), ...versions.map(({ notified }) => notified?.late ?? "")];
  return {
    incident: last.incident,
    regime: last.regime,
    reference: content.reference,
    exercise: content.exercise,
    version: last.version,
    state: last.state,
    occurred: value("occurred"),
    awareness: value("awareness"),
    description: value("description"),
    nature: value("breach_nature"),
    cause: value("breach_cause"),
    data: value("data_nature"),
    people: given("people_count") || value("people_band"),
    consequences: value("consequences"),
    highRisk: value("high_risk"),
    informed: value("people_informed"),
    measures: value("measures"),
    notified: versions.flatMap(({ notified }) =>
      notified === undefined
        ? []
        : [{ at: notified.at, reference: notified.reference, where: notified.where, by: notified.by }],
    ),
    late: lates.filter((each) => each !== "").join(" ; "),
    reason: last.decision?.reason ?? "",
    decidedBy: decided?.by.name ?? "",
    sha256: last.sha256,
  };
}

const COLUMNS: readonly [header: string, value: (line: BreachLine) => string][] = [
  ["Incident", ({ reference }) => reference],
  ["État", ({ state }) => DUTY_STATES[state]],
  ["Version", ({ version }) => String(version)],
  ["Début estimé", ({ occurred }) => occurred],
  ["Prise de connaissance", ({ awareness }) => awareness],
  ["Ce qui s'est passé", ({ description }) => description],
  ["Nature de la violation", ({ nature }) => nature],
  ["Cause", ({ cause }) => cause],
  ["Catégories de données", ({ data }) => data],
  ["Nombre de personnes", ({ people }) => people],
  ["Conséquences probables", ({ consequences }) => consequences],
  ["Risque élevé", ({ highRisk }) => highRisk],
  ["Information des personnes", ({ informed }) => informed],
  ["Mesures", ({ measures }) => measures],
  ["Notifications", ({ notified }) => notified.map(({ at }) => isoFromInstant(at)).join(" ; ")],
  ["Références", ({ notified }) => notified.map(({ reference }) => reference).join(" ; ")],
  ["Motifs du retard", ({ late }) => late],
  ["Raisons de ne pas notifier", ({ reason }) => reason],
  ["Décidé par", ({ decidedBy }) => decidedBy],
  ["Exercice", ({ exercise }) => (exercise ? "oui" : "non")],
  ["SHA-256", ({ sha256 }) => sha256],
];

const BYTE_ORDER_MARK = "\uFEFF";

/** The register as CSV (RFC 4180), row by row, with French headers, readable by spreadsheets and holding no formula. */
export async function* breachCsv(lines: AsyncIterable<BreachLine>): AsyncGenerator<string> {
  const row = (fields: readonly string[]) => `${fields.map(csvField).join(",")}\r\n`;
  yield `${BYTE_ORDER_MARK}${row(COLUMNS.map(([header]) => header))}`;
  for await (const line of lines) yield row(COLUMNS.map(([, value]) => value(line)));
}

/** The register as JSON, line by line, instants as RFC 3339 in UTC. */
export async function* breachJson(lines: AsyncIterable<BreachLine>): AsyncGenerator<string> {
  let before = '{\n  "breaches": [';
  for await (const { notified, ...line } of lines) {
    const told = { ...line, notified: notified.map((each) => ({ ...each, at: isoFromInstant(each.at) })) };
    yield `${before}\n    ${JSON.stringify(told, null, 2).replaceAll("\n", "\n    ")}`;
    before = ",";
  }
  yield before === "," ? "\n  ]\n}\n" : `${before}]\n}\n`;
}
