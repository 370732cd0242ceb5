import type { Alert } from "../../../agent/core/alert.ts";
import type { Problem } from "../../../agent/core/errors.ts";
import { autoOf } from "../../auto.ts";
import type { ParseContext } from "../../contract.ts";
import { INBOUND } from "../../registry.ts";
import { sampleText } from "./suggest-yaml.ts";

/** How much of a sample is read. */
export const SAMPLE_LIMITS = { records: 10_000, characters: 5 * 1024 * 1024 } as const;

/** One record of a sample, with its line. */
export interface SampleRecord {
  line: number;
  text: string;
}

/** A sample of which no mapping can be made, and what to do. */
export interface Unsuggested {
  outcome: "refused";
  problem: Problem;
}

/** The names that `over` may have. */
export const FORMATS: readonly string[] = [...INBOUND.map(({ name }) => name), "text"];

/** The names that `as` may have here: a format, or any of them. */
export const SAMPLE_FORMATS: readonly string[] = ["auto", ...INBOUND.map(({ name }) => name)];

/** A record of a sample that a format read. */
export interface ReadRecord extends SampleRecord {
  alert: Alert;
}

/** A sample of one product, read. */
export interface Sample {
  records: ReadRecord[];
  /** The format that a mapping reads it over. */
  over: string;
  /** A first line that names columns. */
  header: string | undefined;
  /** Records that no format could read, and whether there were more than are looked at. */
  unread: number;
  whole: boolean;
}

/** Reads a sample of one product, by its format alone. */
export function readSample(given: {
  records: Iterable<SampleRecord>;
  source: string;
  as?: string | undefined;
  context: ParseContext;
}): { outcome: "read"; sample: Sample } | Unsuggested {
  const { source, as = "auto", context } = given;
  const { records, whole } = bounded(given.records);
  const [first] = records;
  if (first === undefined) {
    const remedy = "give a few records of the product, one a line";
    return refused("sample_empty", source, "there is no record in it", remedy);
  }
  const binary = records.find(({ text }) => isBinary(text));
  if (binary !== undefined) {
    const remedy = "give the records as text, one a line; gzip is read too";
    return refused("sample_binary", `${source}:${binary.line}`, "it is no text", remedy);
  }
  const all = readAll(records, as, context);
  // A first line that names the columns is no record, and reads otherwise than those below it.
  const header = headerOf(all);
  const read = header === undefined ? all : all.slice(1);
  const [one] = read;
  if (one === undefined) {
    const message = `no record can be read${as === "auto" ? "" : ` as ${as}`}`;
    const remedy = "leave --as out, or name the format that it is";
    return refused("sample_unread", `${source}:${first.line}`, message, remedy);
  }
  const other = read.find(({ alert }) => moduleOf(alert) !== moduleOf(one.alert));
  if (other !== undefined && !read.every(({ alert }) => alert.log?.syslog !== undefined)) {
    const message = `it is ${moduleOf(other.alert)}, and line ${one.line} is ${moduleOf(one.alert)}`;
    const remedy = "give the records of one product, of one format";
    return refused("not_one_product", `${source}:${other.line}`, message, remedy);
  }
  const over = other === undefined ? moduleOf(one.alert) : "syslog";
  return {
    outcome: "read",
    sample: { records: read, over, header, unread: records.length - all.length, whole },
  };
}

/** Says that nothing is alike in all records: the first that differs from the first is told. */
export function unlike({ records }: Sample, source: string): Unsuggested {
  const [first, ...others] = records;
  const program = (each: ReadRecord | undefined) => each?.alert.process?.name;
  const other = others.find((each) => program(each) !== program(first)) ?? others[0] ?? first;
  const named = program(other) !== program(first) && program(other) !== undefined;
  const message = named
    ? `it is of ${sampleText(program(other) ?? "")}, and line ${first?.line} of ${sampleText(program(first) ?? "")}`
    : "nothing is alike in all of the records by which the product could be told";
  const remedy = "give the records of one product, or of one kind at a time";
  return refused("not_one_product", `${source}:${other?.line ?? 1}`, message, remedy);
}

function refused(code: string, where: string, message: string, remedy: string): Unsuggested {
  return { outcome: "refused", problem: { code, where, message, remedy } };
}

function bounded(given: Iterable<SampleRecord>): { records: SampleRecord[]; whole: boolean } {
  const records: SampleRecord[] = [];
  let characters = 0;
  for (const record of given) {
    if (record.text.trim() === "") continue;
    characters += record.text.length;
    if (
      records.length >= SAMPLE_LIMITS.records ||
      (characters > SAMPLE_LIMITS.characters && records.length > 0)
    )
      return { records, whole: false };
    records.push(record);
  }
  return { records, whole: true };
}

/** NULs, or so much else that no text has. */
function isBinary(text: string): boolean {
  const begins = text.slice(0, 1024);
  let odd = 0;
  for (let at = 0; at < begins.length; at++) {
    const code = begins.charCodeAt(at);
    if (code === 0) return true;
    if (code === 0xfffd || (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x1b))
      odd++;
  }
  return odd * 10 > begins.length;
}

/** The text of a first line that no format recognises, over others that are of one. */
function headerOf([first, second, ...others]: readonly ReadRecord[]): string | undefined {
  if (first === undefined || second === undefined) return undefined;
  const text = first.alert.message ?? "";
  const names = HEADER.test(text);
  return names && [second, ...others].every(({ text: row }) => /\d/.test(row)) ? text : undefined;
}

/** Four names or more, with one kind of separator between. */
const HEADER =
  /^\s*"?[A-Za-z_][\w ./-]{0,39}"?(?:(?:;"?[A-Za-z_][\w ./-]{0,39}"?){3,99}|(?:,"?[A-Za-z_][\w ./-]{0,39}"?){3,99}|(?:\|"?[A-Za-z_][\w ./-]{0,39}"?){3,99}|(?:\t"?[A-Za-z_][\w ./-]{0,39}"?){3,99})\s*$/;

/** Reads the records by one format, or each by that which is surest of it. */
function readAll(records: readonly SampleRecord[], as: string, context: ParseContext): ReadRecord[] {
  const format = as === "auto" ? autoOf(INBOUND) : INBOUND.find(({ name }) => name === as);
  if (format === undefined) return [];
  return records.flatMap((record) => {
    const { alert, error } = format.parse(record.text, context);
    return alert === undefined || error !== undefined ? [] : [{ ...record, alert }];
  });
}

/** The format that a mapping reads it over; a document in the names of ECS may name a module of its own. */
function moduleOf({ event }: Alert): string {
  const module = event?.module ?? "";
  return FORMATS.includes(module) ? module : "generic";
}
