import { isSeverity } from "./write-severity.ts";

/** Pipes more than the header has that a product may have left in the name. */
const MOST_SURPLUS = 4;

/**
 * Reads the header's fields that pipes end, escapes resolved; the index after them.
 *
 * A name with pipes of its own, not escaped, ends at the first severity after it.
 */
export function readPipes(text: string, from: number, header: string[], count: number): number {
  let at = from;
  let last = from;
  const slash = text.indexOf("\\", from);
  while (header.length < count) {
    let pipe = text.indexOf("|", at);
    if (slash >= 0 && slash < pipe) pipe = unescapedPipe(text, pipe, at);
    // The severity may end the record: then there is no extension.
    if (pipe < 0 && header.length === count - 1) pipe = text.length;
    if (pipe < 0) return at;
    last = at;
    const raw = text.slice(at, pipe);
    header.push(slash >= 0 && slash < pipe ? plain(raw) : raw);
    at = pipe + 1;
  }
  const end = Math.min(at, text.length);
  const severity = header[count - 1] ?? "";
  return severity === "" || isSeverity(severity.trim()) ? end : surplus(text, last, end, header);
}

/** Looks for the severity behind surplus pipes; `end` when there is none. */
function surplus(text: string, last: number, end: number, header: string[]): number {
  let at = end;
  for (let more = 0; more < MOST_SURPLUS; more++) {
    const pipe = text.indexOf("|", at);
    if (pipe < 0 || text.slice(last, pipe).includes("=")) return end;
    const severity = text.slice(at, pipe);
    if (pipe - at < 16 && isSeverity(severity.trim())) {
      header[header.length - 2] += `|${plain(text.slice(last, at - 1))}`;
      header[header.length - 1] = severity;
      return pipe + 1;
    }
    at = pipe + 1;
  }
  return end;
}

/** The first pipe from `first` on that no backslash escapes; -1 when there is none. */
function unescapedPipe(text: string, first: number, from: number): number {
  let pipe = first;
  while (pipe > from && isEscaped(text, pipe, from)) pipe = text.indexOf("|", pipe + 1);
  return pipe;
}

function isEscaped(text: string, pipe: number, from: number): boolean {
  let at = pipe;
  while (at > from && text.charCodeAt(at - 1) === 0x5c) at--;
  return (pipe - at) % 2 === 1;
}

function plain(raw: string): string {
  return raw.includes("\\") ? raw.replace(/\\([|\\])/g, "$1") : raw;
}
