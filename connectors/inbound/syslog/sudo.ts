import type { Alert } from "../../../agent/core/alert.ts";

/** Reads `USER : [reason ;] TTY=… ; PWD=… ; USER=TARGET ; COMMAND=…` as sudo logs it. */
export function readSudo(alert: Alert, message: string): void {
  const colon = message.indexOf(" : ");
  const command = message.indexOf("COMMAND=");
  if (colon < 0 || colon > 256 || command < colon) return;
  const head = message.slice(colon + 3, command);
  // A refusal is stated before the terminal.
  const refusal = head.slice(0, Math.max(0, head.indexOf("TTY="))).replace(/ ; $/, "");
  const event = alert.event ?? {};
  alert.event = event;
  event.category = ["process"];
  event.action = "sudo_command";
  event.outcome = refusal === "" ? "success" : "failure";
  if (refusal !== "") event.reason = refusal.slice(0, 1024);
  alert.user = { name: message.slice(0, colon).trim() };
  const target = after(head, " USER=");
  if (target !== undefined) alert.user.effective = { name: target };
  const directory = after(head, "PWD=");
  const line = message.slice(command + 8, command + 8 + 16384);
  alert.process = { ...alert.process, command_line: line };
  if (directory !== undefined) alert.process.working_directory = directory;
}

function after(head: string, key: string): string | undefined {
  const at = head.indexOf(key);
  if (at < 0) return undefined;
  const end = head.indexOf(" ;", at);
  return head.slice(at + key.length, end < 0 ? head.length : end).slice(0, 1024);
}
