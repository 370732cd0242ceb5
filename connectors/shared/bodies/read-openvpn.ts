import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

/** `bob/192.0.2.1:1194 `, before what is said of a client that is known. */
const WHO = String.raw`^(?:(?<user>[^\s/]{1,256})\/)?(?:(?<host>[\d.]{7,15}|\[?[\da-f:]{2,64}\]?):(?<port>\d{1,5}) )?`;
const of = (text: string) => new RegExp(WHO.replace("?<user>", "?:") + text);

const SAYINGS = [
  saying(
    of(String.raw`\[(?<user>[^\]]{1,256})\] Peer Connection Initiated with `),
    "vpn_connect",
    "network session",
    "connection start",
    "success",
  ),
  saying(
    of(String.raw`TLS: Username\/Password authentication succeeded for username '(?<user>.{0,256})'`),
    "vpn_login",
    "authentication",
    "start",
    "success",
  ),
  saying(of(`(?<reason>TLS Auth Error: .{1,256})$`), "vpn_login", "authentication", "info", "failure"),
  saying(
    of(
      `(?:PLUGIN )?AUTH-PAM: BACKGROUND: user '(?<user>.{0,256})' (?<reason>failed to authenticate.{0,256})$`,
    ),
    "vpn_login",
    "authentication",
    "info",
    "failure",
  ),
  saying(
    of(String.raw`VERIFY OK: depth=(?<depth>\d{1,2}), (?<subject>.{1,1024})$`),
    "certificate_verified",
    "authentication",
    "info",
    "success",
  ),
  saying(
    of(String.raw`VERIFY ERROR: depth=(?<depth>\d{1,2}), error=(?<reason>.{1,1024})$`),
    "certificate_verified",
    "authentication",
    "info",
    "failure",
  ),
  saying(of(`(?<reason>TLS Error: .{1,512})$`), "vpn_connect", "network", "connection error", "failure"),
  saying(
    /^TCP connection established with \[AF_INET6?\](?<host>[\d.]{7,15}|[\da-f:]{2,64}):(?<port>\d{1,5})$/,
    "vpn_connect",
    "network",
    "connection start",
  ),
  saying(
    new RegExp(
      String.raw`${WHO}(?<reason>SIG[A-Z0-9]{2,8}\[[^\]]{1,64}\] received, client-instance (?:exiting|restarting))$`,
    ),
    "vpn_disconnect",
    "network session",
    "connection end",
  ),
  saying(
    new RegExp(
      String.raw`${WHO}(?<reason>Connection reset, restarting \[.{1,8}\]|WARNING: Bad encapsulated packet length from peer .{1,512})$`,
    ),
    "vpn_disconnect",
    "network",
    "connection error",
    "failure",
  ),
];

/** Reads what OpenVPN's server says of its clients. */
export const readOpenvpn = (draft: Draft, message: string): void => {
  readSaying(draft, SAYINGS, message);
};
