import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

const AUTH = "authentication";
const PEER = "(?<host>[^\\s:]{1,64}|\\[?[0-9a-fA-F:.]{2,45}\\]?):(?<port>\\d{1,5})";

/** What dropbear says of logins, and fail2ban of those it shuts out. */
const SAYINGS = [
  saying(
    new RegExp(
      `^(?:Password|PAM password|Pubkey) auth succeeded for '(?<user>[^']{1,256})' .{0,600}?from ${PEER}$`,
    ),
    "ssh_login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    new RegExp(`^(?:Password|PAM password|Pubkey) auth succeeded for '(?<user>[^']{1,256})' from ${PEER}$`),
    "ssh_login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    new RegExp(`^(?<reason>Bad (?:PAM )?password attempt) for '(?<user>[^']{0,256})' from ${PEER}$`),
    "ssh_login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    new RegExp(`^(?<reason>Login attempt for nonexistent user)(?: '(?<user>[^']{0,256})')? from ${PEER}$`),
    "ssh_login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^(?:[A-Z]{4,8} {1,8})?\[(?<jail>[\w.-]{1,64})\] (?:Restore )?Ban (?<host>[0-9a-fA-F:.]{2,45})$/,
    "banned",
    "intrusion_detection network",
    "denied",
  ),
  saying(
    /^(?:[A-Z]{4,8} {1,8})?\[(?<jail>[\w.-]{1,64})\] Unban (?<host>[0-9a-fA-F:.]{2,45})$/,
    "unbanned",
    "network",
    "allowed",
  ),
  saying(
    /^(?:[A-Z]{4,8} {1,8})?\[(?<jail>[\w.-]{1,64})\] Found (?<host>[0-9a-fA-F:.]{2,45})(?: - .{1,64})?$/,
    "found",
    "intrusion_detection network",
    "info",
  ),
];

/** Reads what a guard of logins says: dropbear, the small SSH server, and fail2ban. */
export const readGuard = (draft: Draft, message: string): void => {
  if (!readSaying(draft, SAYINGS, message)) return;
  const { jail } = draft.fields;
  if (typeof jail === "string") draft.alert.rule = { name: jail, ...draft.alert.rule };
};
