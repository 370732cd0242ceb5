import { SaxesParser } from "saxes";
import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext, ParseError } from "../../contract.ts";
import { clip, type Draft, putField, putNewField } from "../draft.ts";
import { putSystem, putUnnamed } from "./event-names.ts";
import { readUtc } from "./read-event-time.ts";
import { scanXml, type XmlStep } from "./scan-xml.ts";

/** What stands around the data of an event, by the part of it that we are in. */
type Part = "System" | "EventData" | "UserData" | "RenderingInfo" | "other";

interface Reading {
  draft: Draft;
  /** The raw record, which attribute values must stand in. */
  text: string;
  /** Local names of the open elements. */
  open: string[];
  part: Part | undefined;
  /** The Name attribute of the element just opened. */
  named: string | undefined;
  /** Texts of the innermost element, in one piece as far as no element stands between them. */
  pieces: string;
  /** Whether the innermost element holds others. */
  leaf: boolean;
  unnamed: string[];
  /** Whole events read. */
  events: number;
  error: ParseError | undefined;
}

const MOST_DEPTH = 64;
/** Faults after which nothing sensible follows. */
const MOST_ERRORS = 32;

/** Not an error of the record: what follows is not read. */
class Enough extends Error {}

/**
 * Reads one `<Event>` into `fields`: System and data under the names that Sigma rules ask for.
 *
 * Other elements around it are passed over, entities of a DTD are not expanded. Errors, with what was read up to
 * there: `bad_xml`, `not_an_event`, `several_records`, `too_deep`.
 */
export function readEventXml(draft: Draft, text: string): ParseError | undefined {
  const reading: Reading = {
    draft,
    text,
    open: [],
    part: undefined,
    named: undefined,
    pieces: "",
    leaf: true,
    unnamed: [],
    events: 0,
    error: undefined,
  };
  const body = bodyOf(text);
  const steps = scanXml(body);
  try {
    if (steps === undefined) readAny(reading, body);
    else for (const step of steps) take(reading, step);
  } catch (thrown) {
    if (!(thrown instanceof Enough)) throw thrown;
  }
  // A record cut short ends within an element: what it has of it counts.
  if (reading.open.length > 0 && reading.pieces !== "") closed(reading);
  putUnnamed(draft, reading.unnamed);
  if (reading.events === 0 && reading.part === undefined && Object.keys(draft.fields).length === 0)
    return { code: "not_an_event", message: "the record is XML without an Event" };
  return reading.error;
}

function take(reading: Reading, { kind, text, attributes }: XmlStep): void {
  if (kind === "open") opened(reading, localName(text), attributes);
  else if (kind === "text") addText(reading, text);
  else closed(reading);
}

/** Reads what is not plain, or not well-formed, as far as it goes. */
function readAny(reading: Reading, text: string): void {
  const parser = new SaxesParser({ position: false, fragment: true });
  parser.on("opentag", ({ name, attributes }) =>
    opened(reading, localName(name), Object.entries(attributes as Record<string, string>).flat()),
  );
  parser.on("text", (piece) => addText(reading, piece));
  parser.on("cdata", (piece) => addText(reading, piece));
  parser.on("closetag", () => closed(reading));
  // An instruction between two pieces of a text leaves a mark: the record does not hold them as one.
  parser.on("processinginstruction", () => addText(reading, "\n"));
  let errors = 0;
  parser.on("error", (error) => {
    reading.error ??= {
      code: "bad_xml",
      message: `the record is not well-formed XML: ${error.message}`.slice(0, 200),
    };
    if (errors++ >= MOST_ERRORS) throw new Enough();
  });
  parser.write(text).close();
}

/** Without the declaration, which tells nothing, and what carriers put at the end. */
function bodyOf(text: string): string {
  const from = /^\s{0,64}<\?xml[^>]{0,200}\?>/.exec(text.slice(0, 300))?.[0].length ?? 0;
  let end = text.length;
  while (end > from && (text.charCodeAt(end - 1) <= 0x20 || text.charCodeAt(end - 1) === 0xfeff)) end--;
  return text.slice(from, end);
}

function opened(reading: Reading, name: string, attributes: readonly string[]): void {
  const { draft, open } = reading;
  if (open.length >= MOST_DEPTH) {
    reading.error ??= { code: "too_deep", message: `the record nests deeper than ${MOST_DEPTH} elements` };
    draft.cut = true;
    throw new Enough();
  }
  const at = open.lastIndexOf("Event");
  if (name === "Event" && at < 0 && reading.events > 0) {
    reading.error ??= {
      code: "several_records",
      message: "the record holds several events; the first was read",
    };
    throw new Enough();
  }
  if (draft.room <= 0) draft.cut = true;
  reading.pieces = "";
  reading.leaf = true;
  reading.named = undefined;
  for (let each = 0; each < attributes.length; each += 2)
    if (attributes[each] === "Name") reading.named = attributes[each + 1];
  open.push(name);
  const depth = open.length - 1 - at;
  if (at < 0) return;
  if (depth === 1) reading.part = PARTS.has(name) ? (name as Part) : "other";
  else if (reading.part === "System" && depth === 2) {
    for (let each = 0; each < attributes.length; each += 2) {
      const attribute = attributes[each] as string;
      if (!attribute.startsWith("xmlns"))
        putSystem(draft, `${name}_${localName(attribute)}`, asWritten(reading, attributes[each + 1] ?? ""));
    }
  }
}

const PARTS: ReadonlySet<string> = new Set<Part>(["System", "EventData", "UserData", "RenderingInfo"]);

function closed(reading: Reading): void {
  const { draft, open, part, pieces, leaf, named } = reading;
  const name = open.pop() ?? "";
  const at = open.lastIndexOf("Event");
  reading.pieces = "";
  reading.leaf = false;
  reading.named = undefined;
  if (name === "Event" && at < 0) {
    reading.events++;
    reading.part = undefined;
    return;
  }
  const depth = open.length - at;
  if (at < 0 || depth < 2 || !leaf) return;
  if (part === "System") {
    if (depth === 2 && pieces !== "") putSystem(draft, name, pieces);
  } else if (part === "RenderingInfo") {
    if (name === "Message") draft.alert.message ??= clip(draft, pieces);
    else if (pieces !== "") putField(draft, `RenderingInfo_${name}`, pieces);
  } else if (part === "EventData" && (name === "Data" || name === "ComplexData")) {
    if (named !== undefined) putNewField(draft, named, pieces);
    else if (reading.unnamed.length < ALERT_LIMITS.fields) reading.unnamed.push(pieces);
    else draft.cut = true;
  } else if (part === "EventData" || part === "UserData") putNewField(draft, named ?? name, pieces);
}

function addText(reading: Reading, piece: string): void {
  const { open } = reading;
  // White space between elements says nothing.
  if (open.length === 0 || !reading.leaf) return;
  reading.pieces += piece;
}

/** Namespaces are told by prefixes, and Windows has but one. */
function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}

/**
 * XML makes a space of any white space in an attribute. What the record does not hold with spaces gets tabs instead:
 * a text that rules look for must stand in the record.
 */
function asWritten({ text }: Reading, value: string): string {
  return !value.includes(" ") || text.includes(value) ? value : value.replaceAll(" ", "\t");
}

/** The time that an event's own names tell, which is UTC. */
export function readEventTime(draft: Draft, context: ParseContext): Instant | undefined {
  return readUtc(draft.fields.TimeCreated_SystemTime, context) ?? readUtc(draft.fields.UtcTime, context);
}
