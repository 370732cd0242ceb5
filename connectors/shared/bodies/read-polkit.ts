import type { Draft } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { readSaying, saying } from "./read-saying.ts";

const SAYINGS = [
  saying(
    /^Operator of (?<subject>\S{1,256}) successfully authenticated as unix-user:(?<as>\S{1,256}) to gain \w{1,16} authorization for action (?<polkit_action>\S{1,256}) for .{1,2048} \(owned by unix-user:(?<user>\S{1,256})\)$/,
    "polkit_authorization",
    "authentication",
    "start",
    "success",
  ),
  saying(
    /^Operator of (?<subject>\S{1,256}) FAILED to authenticate to gain authorization for action (?<polkit_action>\S{1,256}) for .{1,2048} \(owned by unix-user:(?<user>\S{1,256})\)$/,
    "polkit_authorization",
    "authentication",
    "info",
    "failure",
  ),
  saying(
    /^(?<user>\S{1,256}): Executing command \[USER=(?<as>[^\]]{1,256})\] \[TTY=(?<TTY>[^\]]{1,256})\] \[CWD=(?<directory>[^\]]{1,1024})\] \[COMMAND=(?<command>.{1,3000})\]$/,
    "pkexec_command",
    "process",
    "start",
    "success",
  ),
  saying(
    /^(?<user>\S{1,256}): (?<reason>.{1,512}?) \[USER=(?<as>[^\]]{1,256})\] \[TTY=(?<TTY>[^\]]{1,256})\] \[CWD=(?<directory>[^\]]{1,1024})\] \[COMMAND=(?<command>.{1,3000})\]$/,
    "pkexec_command",
    "process",
    "denied",
    "failure",
  ),
];

/** Reads what polkitd and pkexec say of who was given which right. */
export const readPolkit = (draft: Draft, message: string): void => {
  if (readPam(draft, message)) return;
  readSaying(draft, SAYINGS, message);
};
