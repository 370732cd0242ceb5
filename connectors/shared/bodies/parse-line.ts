import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { clip, finish, newDraft } from "../draft.ts";
import type { ReadBody } from "./tell.ts";

/** A program's own file: how a line is read, and when it says that it happened. */
export interface OwnFile {
  program: string;
  read: ReadBody;
  instantOf: (line: string, context: ParseContext) => Instant | undefined;
}

/** Reads a line of the file that a program writes itself, without a header; `message` is the line. */
export function parseLine(
  { program, read, instantOf }: OwnFile,
  text: string,
  context: ParseContext,
): Parsed {
  const line = text.trim();
  if (line === "") return { error: { code: "empty", message: "the record is empty" } };
  const draft = newDraft(text, program, program);
  draft.alert.message = clip(draft, line);
  read(draft, line);
  context.trace?.({ by: "parser", name: program, rule: "line" }, draft.alert);
  const alert = finish(draft, instantOf(line, context), context);
  if (draft.event.action !== undefined) return { alert };
  return { alert, error: { code: `not_${program}`, message: `the line is not of ${program}'s log` } };
}
