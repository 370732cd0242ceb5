import type { Alert } from "../../../agent/core/alert.ts";
import { readNagios } from "./nagios.ts";
import { readSshd } from "./sshd.ts";
import { readSudo } from "./sudo.ts";

/** Reads what a known program says in its message, into the alert. */
export type ReadBody = (alert: Alert, message: string) => void;

const READERS = new Map<string, ReadBody>([
  ["sshd", readSshd],
  ["sshd-session", readSshd],
  ["sudo", readSudo],
  ["nagios", readNagios],
  ["naemon", readNagios],
  ["icinga", readNagios],
  ["icinga2", readNagios],
  ["centengine", readNagios],
  ["centreon-engine", readNagios],
  ["shinken", readNagios],
]);

/** Reads the message of the programs known here; others stay text. */
export function readBody(alert: Alert, program: string, message: string): void {
  READERS.get(program)?.(alert, message);
}
