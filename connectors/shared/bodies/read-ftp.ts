import type { Draft } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { readSaying, saying } from "./read-saying.ts";

const AUTH = "authentication";

const SAYINGS = [
  // vsftpd
  saying(
    /^(?:\[pid \d{1,10}\] )?CONNECT: Client "(?<host>[^"]{1,64})"/,
    "ftp_connect",
    "network",
    "connection start",
  ),
  saying(
    /^(?:\[pid \d{1,10}\] )?\[(?<user>.{0,256})\] OK LOGIN: Client "(?<host>[^"]{1,64})"/,
    "ftp_login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^(?:\[pid \d{1,10}\] )?\[(?<user>.{0,256})\] FAIL LOGIN: Client "(?<host>[^"]{1,64})"$/,
    "ftp_login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^(?:\[pid \d{1,10}\] )?\[(?<user>[^\]]{0,256})\] (?<result>OK|FAIL) (?<operation>[A-Z]{3,16}): Client "(?<host>[^"]{1,64})", "(?<file>[^"]{0,2048})"/,
    "ftp_transfer",
    "file",
    "access",
  ),
  // proftpd
  saying(
    /^(?:\S{1,255} )?\((?<client_name>[^\s[\]()]{0,255})\[(?<host>[^\s\]]{2,64})\]\)[: -]{1,3}USER (?<user>.{0,256}) \(Login failed\): (?<reason>.{1,256})$/,
    "ftp_login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^(?:\S{1,255} )?\((?<client_name>[^\s[\]()]{0,255})\[(?<host>[^\s\]]{2,64})\]\)[: -]{1,3}USER (?<user>.{0,256}): (?<reason>no such user found|Login successful)/,
    "ftp_login",
    AUTH,
    "info",
  ),
  saying(
    /^(?:\S{1,255} )?\((?<client_name>[^\s[\]()]{0,255})\[(?<host>[^\s\]]{2,64})\]\)[: -]{1,3}(?<reason>FTP session (?:opened|closed))/,
    "ftp_session",
    "session",
    "info",
  ),
  // pure-ftpd
  saying(
    /^\([^\s@]{0,256}@(?<host>[^\s()]{1,255})\) \[WARNING\] (?<reason>Authentication failed) for user \[(?<user>.{0,256})\]$/,
    "ftp_login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^\([^\s@]{0,256}@(?<host>[^\s()]{1,255})\) \[INFO\] (?<user>\S{1,256}) is now logged in$/,
    "ftp_login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^\([^\s@]{0,256}@(?<host>[^\s()]{1,255})\) \[INFO\] New connection from /,
    "ftp_connect",
    "network",
    "connection start",
  ),
];

/** Reads what FTP servers say of logins and files: vsftpd, ProFTPD, Pure-FTPd. */
export const readFtp = (draft: Draft, message: string): void => {
  if (readPam(draft, message) || !readSaying(draft, SAYINGS, message)) return;
  const { event, fields } = draft;
  if (fields.result === "FAIL" || event.reason === "no such user found") event.outcome = "failure";
  else if (fields.result === "OK" || event.reason === "Login successful") event.outcome = "success";
};
