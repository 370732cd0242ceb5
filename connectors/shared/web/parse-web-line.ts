import type { ParseContext, Parsed } from "../../contract.ts";
import { clip, finish, newDraft } from "../draft.ts";
import { readAccess } from "./read-access.ts";
import type { readNginxError } from "./read-nginx-error.ts";

/** Reads a line of a web server's own files; `message` is the line of an access log, and the text of an error. */
export function parseWebLine(
  server: "apache" | "nginx",
  readError: typeof readNginxError,
  text: string,
  context: ParseContext,
): Parsed {
  const line = text.trim();
  if (line === "") return { error: { code: "empty", message: "the record is empty" } };
  const draft = newDraft(text, server, `${server}.access`);
  const { alert, event } = draft;
  alert.message = clip(draft, line);
  let instant: number | undefined;
  const access = readAccess(draft, line, context);
  if (access !== undefined) instant = access.instant;
  else {
    event.dataset = `${server}.error`;
    const error = readError(draft, line, context);
    if (error === undefined) {
      const problem = { code: `not_${server}`, message: `the line is of neither log of ${server}` };
      return { alert: finish(draft, undefined, context), error: problem };
    }
    instant = error.instant;
    alert.message = clip(draft, error.message);
  }
  finish(draft, instant, context);
  context.trace?.({ by: "parser", name: server, rule: access === undefined ? "error" : "access" }, alert);
  return { alert };
}

const DATE = / \[\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?\] "/;
const TLS =
  /^\[\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \S{1,255} (?:TLSv[\d.]{1,4}|SSLv\d|-) \S{1,64} "/;

/**
 * Says whether a line begins as those of access logs do: a client, and a date between brackets before a text in
 * quotes. With a time before them it is a line that something carries, as syslog does.
 */
export function isAccessLine(text: string): boolean {
  const head = text.slice(0, 1024);
  if (!head.includes("[")) return false;
  const date = DATE.exec(head);
  if (date === null) return TLS.test(head);
  const before = head.slice(0, date.index);
  return /^[\w.:[%-]/.test(before) && !/(?:^|[ T])\d\d:\d\d:\d\d/.test(before);
}
