import { isIP } from "node:net";
import type { Alert } from "../../../agent/core/alert.ts";

/** What sshd's messages begin with, up to the user's name. */
const OPENINGS: readonly {
  prefix: string;
  action: string;
  outcome: "success" | "failure";
  method: boolean;
}[] = [
  { prefix: "Accepted ", action: "ssh_login", outcome: "success", method: true },
  { prefix: "Failed ", action: "ssh_login", outcome: "failure", method: true },
  { prefix: "Invalid user ", action: "invalid_user", outcome: "failure", method: false },
  { prefix: "Connection closed by invalid user ", action: "invalid_user", outcome: "failure", method: false },
  {
    prefix: "Connection closed by authenticating user ",
    action: "ssh_login",
    outcome: "failure",
    method: false,
  },
];

/**
 * Reads `Accepted|Failed METHOD for [invalid user ]USER from IP port N …` and `Invalid user USER from IP [port N]`.
 *
 * The user's name is the attacker's text: its end is looked for from the right, so that a name cannot forge the address.
 */
export function readSshd(alert: Alert, message: string): void {
  const opening = OPENINGS.find(({ prefix }) => message.startsWith(prefix));
  if (opening === undefined) return;
  let at = opening.prefix.length;
  let method: string | undefined;
  if (opening.method) {
    const found = message.indexOf(" for ", at);
    if (found < 0 || found - at > 64) return;
    method = message.slice(at, found);
    at = found + 5;
    if (message.startsWith("invalid user ", at)) at += 13;
  }
  const from = message.lastIndexOf(" from ");
  // `Connection closed by authenticating user root 10.0.0.1 port 22 [preauth]` has no "from".
  const userEnd = from >= at - 1 ? from : message.lastIndexOf(" ", message.lastIndexOf(" port ") - 1);
  if (userEnd < at - 1) return;
  const [address = "", word, number] = message
    .slice(from >= at - 1 ? from + 6 : userEnd + 1, userEnd + 128)
    .split(" ");
  const event = alert.event ?? {};
  alert.event = event;
  event.category = ["authentication"];
  event.type = [opening.outcome === "success" ? "start" : "info"];
  event.action = opening.action;
  event.outcome = opening.outcome;
  if (method !== undefined) alert.fields = { ...alert.fields, "ssh.method": method };
  const name = message.slice(at, Math.max(at, userEnd));
  if (name !== "") alert.user = { name: name.slice(0, 1024) };
  if (isIP(address) !== 0) {
    alert.source = { ip: address, address };
    const port = word === "port" ? Number(number) : Number.NaN;
    if (Number.isInteger(port) && port >= 0 && port <= 65535) alert.source.port = port;
  } else if (address !== "") alert.source = { address };
}
