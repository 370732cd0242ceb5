import type { Alert } from "../../../agent/core/alert.ts";
import { isAddress, portOf } from "../../shared/address.ts";

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

function openingOf(message: string): (typeof OPENINGS)[number] | undefined {
  for (const opening of OPENINGS) if (message.startsWith(opening.prefix)) return opening;
  return undefined;
}

/**
 * Reads `Accepted|Failed METHOD for [invalid user ]USER from IP port N …` and `Invalid user USER from IP [port N]`.
 *
 * The user's name is the attacker's text: its end is looked for from the right, so that a name cannot forge the address.
 */
export function readSshd(alert: Alert, message: string): void {
  const opening = openingOf(message);
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
  let userEnd = message.lastIndexOf(" from ");
  let addressAt = userEnd + 6;
  if (userEnd < at - 1) {
    // `Connection closed by authenticating user root 10.0.0.1 port 22 [preauth]` has no "from".
    userEnd = message.lastIndexOf(" ", message.lastIndexOf(" port ") - 1);
    addressAt = userEnd + 1;
  }
  if (userEnd < at - 1) return;
  const space = message.indexOf(" ", addressAt);
  const address = message.slice(addressAt, space < 0 ? message.length : space);
  const event = alert.event ?? {};
  alert.event = event;
  event.category = ["authentication"];
  event.type = [opening.outcome === "success" ? "start" : "info"];
  event.action = opening.action;
  event.outcome = opening.outcome;
  if (method !== undefined) {
    alert.fields ??= {};
    alert.fields["ssh.method"] = method;
  }
  const name = message.slice(at, Math.max(at, userEnd));
  if (name !== "") alert.user = { name: name.slice(0, 1024) };
  if (address === "" || address.length > 255) return;
  if (!isAddress(address)) {
    alert.source = { address };
    return;
  }
  alert.source = { ip: address, address };
  if (space < 0 || !message.startsWith("port ", space + 1)) return;
  const end = message.indexOf(" ", space + 6);
  const port = portOf(message.slice(space + 6, end < 0 ? message.length : end));
  if (port !== undefined) alert.source.port = port;
}
