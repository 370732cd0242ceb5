import type { Problem } from "../../agent/core/errors.ts";

/** One record of a CSV text, with where it and each of its cells begin. */
export interface CsvRow {
  cells: string[];
  /** `file:line:column` of a cell; of the record, when there is no such cell. */
  whereOf(cell?: number): string;
}

export interface CsvText {
  header: string[];
  rows: CsvRow[];
  problems: Problem[];
}

interface Place {
  line: number;
  column: number;
}

const DELIMITERS = [";", ",", "\t"];

/**
 * Reads a CSV text strictly (RFC 4180), lines ended by CRLF or LF, a byte order mark allowed; of semicolon, comma and
 * tab the one that the header has most is the delimiter. A record that is wrong is told and left out, the others stay.
 * `quotes: false` is for what writes cells as they are.
 */
export function readCsv(text: string, file: string, options: { quotes?: boolean } = {}): CsvText {
  const { quotes = true } = options;
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  const delimiter = delimiterOf(content, quotes);
  const problems: Problem[] = [];
  const rows: CsvRow[] = [];
  let header: string[] | undefined;
  const place = ({ line, column }: Place) => `${file}:${line}:${column}`;

  for (const { cells, places, fault } of recordsOf(content, delimiter, quotes)) {
    const first = places[0] as Place;
    if (fault !== undefined) {
      problems.push({
        code: "csv_invalid",
        where: place(fault.at),
        message: fault.message,
        remedy: fault.remedy,
      });
      continue;
    }
    if (cells.length === 1 && cells[0] === "") continue;
    if (header === undefined) {
      header = cells;
      continue;
    }
    // Some exports end every record with a delimiter, others only those below the header.
    while (cells.length > header.length && cells.at(-1) === "") cells.pop();
    if (cells.length !== header.length) {
      problems.push({
        code: "csv_cells",
        where: place(first),
        message: `${cells.length} cells where the header has ${header.length}`,
        remedy: `write as many, separated by ${name(delimiter)}; quote a cell that holds one`,
      });
      continue;
    }
    rows.push({ cells, whereOf: (cell) => place(places[cell ?? 0] ?? first) });
  }
  if (header === undefined)
    problems.push({
      code: "csv_empty",
      where: file,
      message: "there is no header",
      remedy: "export again, with the names of the columns in the first line",
    });
  return { header: header ?? [], rows, problems };
}

function name(delimiter: string): string {
  return delimiter === "\t" ? "a tab" : `"${delimiter}"`;
}

function delimiterOf(text: string, quotes: boolean): string {
  const counts = new Map(DELIMITERS.map((each) => [each, 0]));
  let quoted = false;
  for (const character of text) {
    if (quotes && character === '"') quoted = !quoted;
    else if (!quoted && character === "\n") break;
    else if (!quoted && counts.has(character)) counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, one], [, other]) => other - one);
  return best?.[0] ?? ",";
}

interface CsvRecord {
  cells: string[];
  places: Place[];
  fault?: { at: Place; message: string; remedy: string };
}

/** Quotes that nothing closes, each of which has the rest of the text read again. */
const UNCLOSED = 20;
const DOUBLED = 'put the whole cell in quotes, and double those inside (`""`)';

/** Walks the text, and gives each record with the first thing that is wrong with it. */
function* recordsOf(text: string, delimiter: string, quotes: boolean): Generator<CsvRecord> {
  let [at, line, lineStart, unclosed] = [0, 1, 0, 0];
  const nextLine = finder(text, "\n");
  const nextDelimiter = finder(text, delimiter);
  const here = (offset = at): Place => ({ line, column: offset - lineStart + 1 });
  let record: CsvRecord = { cells: [], places: [] };
  const blame = (place: Place, message: string, remedy: string) => {
    record.fault ??= { at: place, message, remedy };
  };

  function quotedCell(): string {
    const before = { at, line, lineStart };
    let cell = "";
    for (at++; ; at++) {
      const close = text.indexOf('"', at);
      if (close < 0) {
        ({ at, line, lineStart } = before);
        blame(here(), "a quote is opened here and never closed", 'close it, and double those inside (`""`)');
        // It was meant for its own line: the ones below are read, as long as this stays rare.
        at = unclosed++ < UNCLOSED ? nextLine(at) : text.length;
        return cell;
      }
      for (let end = nextLine(at); end < close; end = nextLine(end + 1)) {
        line++;
        lineStart = end + 1;
      }
      cell += text.slice(at, close);
      at = close + 1;
      if (text[at] !== '"') return cell;
      cell += '"';
    }
  }

  function plainCell(): string {
    const end = nextLine(at);
    const stop = Math.min(nextDelimiter(at), end);
    let cell = text.slice(at, stop);
    if (stop === end && cell.endsWith("\r")) cell = cell.slice(0, -1);
    const quote = quotes ? cell.indexOf('"') : -1;
    if (quote >= 0) blame(here(at + quote), "a quote inside a cell that does not begin with one", DOUBLED);
    at = stop;
    return cell;
  }

  while (at < text.length) {
    record = { cells: [], places: [] };
    for (;;) {
      record.places.push(here());
      record.cells.push(quotes && text[at] === '"' ? quotedCell() : plainCell());
      if (text[at] !== delimiter) break;
      at++;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    if (at < text.length && text[at] !== "\n") {
      blame(here(), "text follows the quote that closes a cell", DOUBLED);
      at = nextLine(at);
    }
    at++;
    line++;
    lineStart = at;
    yield record;
  }
}

/** Finds the next of a character, the end of the text without one; what was found is not looked for again. */
function finder(text: string, character: string): (from: number) => number {
  let [asked, found] = [0, -1];
  return (from) => {
    if (from < asked || from > found) {
      const next = text.indexOf(character, from);
      [asked, found] = [from, next < 0 ? text.length : next];
    }
    return found;
  };
}
