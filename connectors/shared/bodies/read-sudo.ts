import { type Draft, putField } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { nameOf, tell, tellReason, tellUser } from "./tell.ts";

/** The keys that sudo writes, in its order; COMMAND comes last and takes all that follows. */
const KEYS = ["HOST", "TTY", "CHROOT", "PWD", "USER", "GROUP", "TSID", "ENV"] as const;

/**
 * Reads `USER : [reason ;] TTY=… ; PWD=… ; USER=TARGET ; COMMAND=…` as sudo logs it.
 *
 * Without a command (`problem with defaults entries`, a password refused to an unknown) the reason is all there is.
 */
export const readSudo = (draft: Draft, message: string): void => {
  if (readPam(draft, message)) return;
  const colon = message.indexOf(" : ");
  if (colon < 0 || colon > 256) return;
  const rest = message.slice(colon + 3);
  if (rest.startsWith("(command continued) ")) return;
  const command = rest.indexOf("COMMAND=");
  const terminal = rest.indexOf("TTY=");
  if (command < 0 && terminal < 0) return;
  const head = command < 0 ? rest : rest.slice(0, command);
  // A refusal is stated before the first key.
  const refusal = rest.slice(0, Math.max(0, firstKey(head))).replace(/ ?; ?$/, "");
  const refused = refusal !== "";
  tell(draft, {
    action: "sudo_command",
    category: ["process"],
    type: [refused ? "denied" : "start"],
    outcome: refused ? "failure" : "success",
  });
  tellReason(draft, refusal);
  tellUser(draft, { name: nameOf(draft, message.slice(0, colon).trim()) });
  for (const key of KEYS) {
    const value = fieldOf(head, key);
    if (value !== undefined) putField(draft, key, value);
  }
  const { PWD: directory, USER: target, GROUP: group } = draft.fields;
  if (typeof target === "string") tellUser(draft, { effective: { name: target } });
  if (typeof group === "string" && draft.alert.user !== undefined) draft.alert.user.group = { name: group };
  if (typeof directory === "string") {
    draft.alert.process = { ...draft.alert.process, working_directory: directory };
  }
  if (command < 0) return;
  putField(draft, "COMMAND", rest.slice(command + 8));
  const line = draft.fields.COMMAND;
  if (typeof line === "string") draft.alert.process = { ...draft.alert.process, command_line: line };
};

function firstKey(head: string): number {
  let first = head.length;
  for (const key of ["TTY=", "HOST=", "PWD=", "USER="]) {
    const at = head.indexOf(key);
    if (at >= 0 && at < first && (at === 0 || head.charCodeAt(at - 1) === 0x20)) first = at;
  }
  return first;
}

function fieldOf(head: string, key: string): string | undefined {
  const begins = head.startsWith(`${key}=`);
  const at = begins ? 0 : head.indexOf(` ${key}=`) + 1;
  if (!begins && at === 0) return undefined;
  const end = head.indexOf(" ;", at);
  return head.slice(at + key.length + 1, end < 0 ? head.length : end);
}
