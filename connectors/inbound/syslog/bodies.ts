import type { Alert } from "../../../agent/core/alert.ts";
import { readSshd } from "./sshd.ts";
import { readSudo } from "./sudo.ts";

/** Reads what a known program says in its message, into the alert. */
export type ReadBody = (alert: Alert, message: string) => void;

const READERS = new Map<string, ReadBody>([
  ["sshd", readSshd],
  ["sshd-session", readSshd],
  ["sudo", readSudo],
]);

/** Reads the message of the programs known here; others stay text. */
export function readBody(alert: Alert, program: string, message: string): void {
  READERS.get(program)?.(alert, message);
}
