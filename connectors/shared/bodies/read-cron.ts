import { type Draft, putField } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { nameOf, tell, tellReason, tellUser } from "./tell.ts";

/** What cron does, by its word: Sigma's rules look for REPLACE. */
const WORDS: Readonly<Record<string, { action: string; category: string; type: string; failed?: true }>> = {
  CMD: { action: "cron_command", category: "process", type: "start" },
  END: { action: "cron_command", category: "process", type: "end" },
  REPLACE: { action: "crontab_replaced", category: "configuration", type: "change" },
  DELETE: { action: "crontab_deleted", category: "configuration", type: "deletion" },
  LIST: { action: "crontab_listed", category: "configuration", type: "access" },
  "BEGIN EDIT": { action: "crontab_edit_begun", category: "configuration", type: "access" },
  "END EDIT": { action: "crontab_edit_ended", category: "configuration", type: "access" },
  RELOAD: { action: "crontab_reloaded", category: "configuration", type: "change" },
  AUTH: { action: "crontab_refused", category: "configuration", type: "denied", failed: true },
  ERROR: { action: "cron_error", category: "process", type: "error", failed: true },
  FAILED: { action: "cron_error", category: "process", type: "error", failed: true },
};

/** Reads `(USER) WORD (TEXT)`, as every cron writes it. */
export const readCron = (draft: Draft, message: string): void => {
  if (readPam(draft, message)) return;
  const found = /^\(([^()]{1,256})\) ([A-Z][A-Za-z ]{1,24}) \(/.exec(message.slice(0, 300));
  const word = found === null ? undefined : WORDS[found[2] as string];
  if (found === null || word === undefined) return;
  const text = message.slice(found[0].length, message.endsWith(")") ? -1 : undefined).trim();
  const outcome = word.failed === true ? "failure" : undefined;
  tell(draft, { action: word.action, category: [word.category], type: [word.type], outcome });
  putField(draft, "cron.word", found[2] as string);
  const user = found[1] as string;
  if (user !== "CRON" && user !== "*system*") tellUser(draft, { name: nameOf(draft, user) });
  if (word.category === "configuration") putField(draft, "cron.crontab", text);
  else if (outcome !== undefined) tellReason(draft, text);
  else {
    putField(draft, "cron.command", text);
    const line = draft.fields["cron.command"];
    if (typeof line === "string") draft.alert.process = { ...draft.alert.process, command_line: line };
  }
};
