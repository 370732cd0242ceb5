import { type Draft, putField } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";
import { nameOf, tell, tellPeer, tellUser } from "./tell.ts";

/** `pam_unix(sshd:auth): `, `(pam_unix) `, `pam_unix: `, `PAM ` */
const HEAD =
  /^(?:\(?(pam_[a-z0-9_]{1,32})(?:\(([^\s:()]{0,64}):([a-z]{1,16})\)|\))?:? |PAM (?=\d{1,6} more authentication failure))/;

/** Texts of the modules that name a user after a fixed beginning. */
const SAYINGS = [
  saying(
    /^password changed for (?<user>\S{1,256})$/,
    "password_changed",
    "iam authentication",
    "user change",
    "success",
  ),
  saying(
    /^user '?(?<user>[^\s']{1,256})'? (?:granted access|authenticated as |OK)/,
    "authentication",
    "authentication",
    "start",
    "success",
  ),
  ...(
    [
      [/^(?<reason>Consecutive login failures for user (?<user>\S{1,256}) account.*)$/s, "account_locked"],
      [/^(?<reason>user (?<user>\S{1,256}) \(\d{1,10}\) (?:has time limit|tally \d).*)$/s, "account_locked"],
      [
        /^(?<reason>account (?<user>\S{1,256}) (?:has expired|is locked|temporarily locked).*)$/s,
        "account_expired",
      ],
      [/^(?<reason>expired password for user (?<user>\S{1,256}).*)$/s, "password_expired"],
      [/^received for user (?<user>.{1,256}): (?<reason>\d{1,3} \([^()]{1,256}\))$/, "authentication"],
      [/^(?<reason>[Aa]ccess denied for user [`'"]?(?<user>[^\s'`"]{1,256})['"]?.*)$/s, "access_denied"],
      [/^(?<reason>password check failed) for user \(?(?<user>[^\s()]{1,256})\)?$/, "authentication"],
      [/^(?<reason>auth could not identify password) for \[(?<user>[^\]]{0,256})\]/, "authentication"],
      [/^(?<reason>bad username) \[(?<user>[^\]]{0,256})\]/, "authentication"],
      [/^(?<reason>check pass; user unknown)/, "authentication"],
      [/^(?<reason>requirement ".{1,256}" not met) by user "(?<user>.{0,256})"$/, "authentication"],
      [/^(?<reason>(?:conversation failed|User unknown|Failed to create session).*)$/s, "authentication"],
    ] as const
  ).map(([text, action]) => saying(text, action, "authentication", "info", "failure")),
];

/** Reads a line of a PAM module, whichever program it speaks through; false when the text is none. */
export function readPam(draft: Draft, message: string): boolean {
  const first = message.charCodeAt(0);
  if (first !== 0x70 && first !== 0x50 && first !== 0x28) return false;
  const head = HEAD.exec(message.slice(0, 160));
  if (head === null) return false;
  if (head[1] !== undefined) putField(draft, "pam.module", head[1]);
  if (head[2]) putField(draft, "pam.service", head[2]);
  if (head[2] && draft.alert.process === undefined) draft.alert.process = { name: nameOf(draft, head[2]) };
  if (head[3] !== undefined) putField(draft, "pam.type", head[3]);
  readPamText(draft, message.slice(head[0].length));
  return true;
}

/** Reads what follows the module's name, which old systems write as the program's own: `su(pam_unix)[12]: …`. */
export const readPamText = (draft: Draft, text: string): void => {
  const failures = /^(?:\d{1,6} more )?authentication (failures?|success)(?:; |$)/i.exec(text.slice(0, 64));
  if (failures !== null) {
    const success = failures[1] === "success";
    tell(draft, {
      action: "authentication",
      category: ["authentication"],
      type: [success ? "start" : "info"],
      outcome: success ? "success" : "failure",
    });
    readWho(draft, text.slice(failures[0].length, 4096).trimEnd());
  } else if (text.startsWith("session opened for user ")) readSession(draft, text.slice(24), "start");
  else if (text.startsWith("session closed for user ")) readSession(draft, text.slice(24), "end");
  else readSaying(draft, SAYINGS, text);
};

/** `root(uid=0) by alice(uid=1000)`: alice acts as root. */
function readSession(draft: Draft, rest: string, type: "start" | "end"): void {
  const found = /^(\S{1,256}?)(?:\(uid=(\d{1,10})\))?(?: by (\S{0,256}?)(?:\(uid=(\d{1,10})\))?)?$/.exec(
    rest.slice(0, 640).trimEnd(),
  );
  const action = type === "start" ? "session_opened" : "session_closed";
  tell(draft, { action, category: ["session"], type: [type], outcome: "success" });
  if (found === null) return;
  const [, target = "", targetId, by = "", byId] = found;
  const other = by !== "" && by !== target && by !== "LOGIN";
  const id = other ? byId : targetId;
  tellUser(draft, { name: other ? by : target, ...(id === undefined ? {} : { id }) });
  if (other) tellUser(draft, { effective: { name: target, ...(targetId ? { id: targetId } : {}) } });
}

/** What the modules write before anything of the client's. */
const BEFORE = /(?:^| )(logname|uid|euid|tty)=(\S{1,256})/g;

/** Where the module may have written the client's host. */
const PLACE = /(?:^| )rhost=(\S{0,255})(?= {1,2}user=|$)/g;

/**
 * `logname= uid=0 euid=0 tty=ssh ruser=R rhost=H  user=U`, in this order.
 *
 * R and U are the client's text and may hold `rhost=`: H is read where it can be the only one.
 */
function readWho(draft: Draft, line: string): void {
  const ruser = / ?\bruser=/.exec(line);
  const head = ruser === null ? line : line.slice(0, ruser.index);
  for (const [, key, value] of head.matchAll(BEFORE)) putField(draft, key as string, value as string);
  if (ruser === null) {
    const name = /(?:^| )user=(\S{1,256})/.exec(line)?.[1];
    if (name !== undefined) tellUser(draft, { name });
    return;
  }
  const at = ruser.index + ruser[0].length;
  const tail = line.slice(at);
  PLACE.lastIndex = 0;
  const first = PLACE.exec(tail);
  // With an empty ruser the first is the module's own.
  if (first === null || (first.index > 0 && PLACE.test(tail))) return;
  const host = first[1] as string;
  const remote = tail.slice(0, first.index).trim();
  const user = tail.slice(first.index + first[0].length).replace(/^ {1,2}user=/, "");
  if (remote !== "") putField(draft, "ruser", remote);
  if (host !== "") putField(draft, "rhost", host);
  if (user !== "") putField(draft, "user", user);
  tellPeer(draft, "source", host);
  tellUser(draft, { name: nameOf(draft, user === "" ? remote : user) });
}
