import { isAddress } from "../address.ts";
import { type Draft, putField } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { readSshLogin } from "./read-ssh-login.ts";
import { type Happening, nameOf, tell, tellPeer, tellReason, tellUser } from "./tell.ts";

/** How the rest of a message is laid out. */
type Layout =
  /** METHOD for [invalid user ]USER from HOST port N ssh2[: more] */
  | "login"
  /** [invalid user ]USER from HOST[ port N][ ssh2] */
  | "user from"
  /** [authenticating user USER ]HOST[ port N][: reason] */
  | "peer"
  /** USER from HOST not allowed because REASON */
  | "refused user"
  /** 'TEXT' from HOST port N */
  | "from last"
  /** USER */
  | "user"
  | "text";

interface Opening extends Happening {
  prefix: string;
  layout: Layout;
}

const AUTH = ["authentication"];
const NET = ["network"];
const INFO = ["info"];

const opening = (
  prefix: string,
  layout: Layout,
  action: string,
  category: readonly string[],
  type: readonly string[],
  outcome?: Happening["outcome"],
): Opening => ({ prefix, layout, action, category, type, outcome });

/** What sshd's messages begin with (auth.c, packet.c, session.c of OpenSSH); the first that fits is taken. */
const OPENINGS: readonly Opening[] = [
  opening("Accepted key ", "text", "ssh_key_found", AUTH, INFO),
  opening("Accepted ", "login", "ssh_login", AUTH, ["start"], "success"),
  opening("Failed to ", "text", "ssh_error", AUTH, INFO, "failure"),
  opening("Failed ", "login", "ssh_login", AUTH, INFO, "failure"),
  opening("Postponed ", "login", "ssh_login_postponed", AUTH, INFO),
  opening("Partial ", "login", "ssh_login_partial", AUTH, INFO),
  opening("Invalid user ", "user from", "invalid_user", AUTH, INFO, "failure"),
  opening("input_userauth_request: invalid user ", "user", "invalid_user", AUTH, INFO, "failure"),
  opening("Could not get shadow information for ", "text", "ssh_error", AUTH, INFO, "failure"),
  opening("maximum authentication attempts exceeded for ", "user from", "ssh_login", AUTH, INFO, "failure"),
  opening("Too many authentication failures for ", "user", "ssh_login", AUTH, INFO, "failure"),
  opening("User ", "refused user", "ssh_user_refused", AUTH, INFO, "failure"),
  opening("ROOT LOGIN REFUSED FROM ", "peer", "ssh_user_refused", AUTH, INFO, "failure"),
  opening("Authentication refused: ", "text", "ssh_key_refused", AUTH, INFO, "failure"),
  opening("Connection closed by invalid user ", "peer", "invalid_user", AUTH, INFO, "failure"),
  opening("Connection closed by authenticating user ", "peer", "ssh_login", AUTH, INFO, "failure"),
  opening("Connection closed by ", "peer", "ssh_connection_closed", NET, ["connection", "end"]),
  opening("Connection reset by invalid user ", "peer", "invalid_user", AUTH, INFO, "failure"),
  opening("Connection reset by authenticating user ", "peer", "ssh_login", AUTH, INFO, "failure"),
  opening("Connection reset by ", "peer", "ssh_connection_reset", NET, ["connection", "end"]),
  opening("Disconnected from user ", "peer", "ssh_logout", ["session"], ["end"], "success"),
  opening("Disconnected from invalid user ", "peer", "invalid_user", AUTH, INFO, "failure"),
  opening("Disconnected from authenticating user ", "peer", "ssh_login", AUTH, INFO, "failure"),
  opening("Disconnected from ", "peer", "ssh_disconnected", NET, ["connection", "end"]),
  opening("Disconnecting: Too many authentication failures for ", "user", "ssh_login", AUTH, INFO, "failure"),
  opening("Disconnecting: ", "text", "ssh_disconnected", NET, ["connection", "end"]),
  opening("Disconnecting invalid user ", "peer", "invalid_user", AUTH, INFO, "failure"),
  opening("Disconnecting authenticating user ", "peer", "ssh_login", AUTH, INFO, "failure"),
  opening("Disconnecting user ", "peer", "ssh_disconnected", ["session"], ["end"]),
  opening("Disconnecting ", "peer", "ssh_disconnected", NET, ["connection", "end"]),
  opening("Received disconnect from ", "peer", "ssh_disconnected", NET, ["connection", "end"]),
  opening("Connection from ", "peer", "ssh_connection", NET, ["connection", "start"]),
  opening("banner exchange: Connection from ", "peer", "ssh_bad_protocol", NET, ["protocol"], "failure"),
  opening("ssh_dispatch_run_fatal: Connection from ", "peer", "ssh_error", NET, ["error"], "failure"),
  opening("Did not receive identification string from ", "peer", "ssh_no_identification", NET, ["protocol"]),
  opening("Bad protocol version identification ", "from last", "ssh_bad_protocol", NET, ["protocol"]),
  opening("kex_exchange_identification: ", "text", "ssh_bad_protocol", NET, ["protocol"], "failure"),
  opening("Protocol major versions differ for ", "peer", "ssh_bad_protocol", NET, ["protocol"]),
  opening("Unable to negotiate with ", "peer", "ssh_no_common_algorithm", NET, ["protocol"], "failure"),
  opening("Timeout before authentication for connection from ", "peer", "ssh_timeout", AUTH, INFO, "failure"),
  opening("Timeout before authentication for ", "peer", "ssh_timeout", AUTH, INFO, "failure"),
  opening("Read error from remote host ", "peer", "ssh_error", NET, ["error"]),
  opening("Read from remote host ", "peer", "ssh_error", NET, ["error"]),
  opening("Write failed: ", "text", "ssh_error", NET, ["error"]),
  opening("Starting session: ", "from last", "ssh_session", ["session"], ["start"], "success"),
  opening("Close session: user ", "user from", "ssh_session", ["session"], ["end"]),
  opening("Server listening on ", "text", "ssh_listening", ["process"], ["start"]),
  opening("Received signal ", "text", "ssh_stopping", ["process"], ["end"]),
  opening("Exiting on signal ", "text", "ssh_stopping", ["process"], ["end"]),
];

/** The same by their first character, in their order. */
const BY_FIRST = Map.groupBy(OPENINGS, ({ prefix }) => prefix.charCodeAt(0));

/**
 * Reads what sshd says of logins, keys, connections and sessions (also sshd-session and sshd-auth of OpenSSH 9.8).
 *
 * A user's name is the attacker's text: where it and the address cannot be told apart, no address is read.
 */
export const readSshd = (draft: Draft, message: string): void => {
  if (readPam(draft, message)) return;
  let text = message.endsWith(" [preauth]") ? message.slice(0, -10) : message;
  // Levels are the one beginning in lower case that matters.
  const level =
    text.charCodeAt(0) < 0x61 ? null : /^(?:error|fatal|warning|debug[1-3]): /.exec(text.slice(0, 16));
  if (level !== null) text = text.slice(level[0].length);
  const found = BY_FIRST.get(text.charCodeAt(0))?.find(({ prefix }) => text.startsWith(prefix));
  if (found !== undefined) readOpened(draft, found, text);
  else if (text.startsWith("PAM: ")) readPamError(draft, text.slice(5));
  else readRarer(draft, text);
};

function readOpened(draft: Draft, found: Opening, text: string): void {
  const rest = text.slice(found.prefix.length);
  if (found.layout === "login" && !readSshLogin(draft, rest)) return;
  if (found.layout === "refused user" && !readRefusedUser(draft, rest)) return;
  tell(draft, found);
  if (found.layout === "user from") readUserFrom(draft, rest);
  else if (found.layout === "peer") readPeer(draft, rest, found.prefix.includes(" user "));
  else if (found.layout === "from last") readFromLast(draft, rest);
  else if (found.layout === "user") tellUser(draft, { name: nameOf(draft, rest) });
  else if (found.prefix.endsWith(": ")) tellReason(draft, rest);
}

/** `root from HOST not allowed because not listed in AllowUsers`; the reason is the server's, the name an account's. */
function readRefusedUser(draft: Draft, rest: string): boolean {
  const because = rest.lastIndexOf(" not allowed because ");
  if (because < 0) return false;
  tellReason(draft, rest.slice(because + 21));
  const from = rest.lastIndexOf(" from ", because);
  tellUser(draft, { name: nameOf(draft, rest.slice(0, from < 0 ? because : from)) });
  if (from >= 0) tellPeer(draft, "source", rest.slice(from + 6, because));
  return true;
}

/** `[invalid user ]USER from HOST[ port N][ ssh2][ id 0]`: what the server wrote is at the end. */
function readUserFrom(draft: Draft, rest: string): void {
  const tail = / from (\S+)(?: port (\d{1,5}))?(?: ssh\d)?(?: id \d{1,9})?$/.exec(rest.slice(-320));
  const begin = rest.startsWith("invalid user ") ? 13 : 0;
  const end = tail === null ? rest.length : rest.length - tail[0].length;
  tellUser(draft, { name: nameOf(draft, rest.slice(begin, Math.max(begin, end))) });
  if (tail !== null) tellPeer(draft, "source", tail[1] as string, tail[2]);
}

/** `'GET / HTTP/1.1' from HOST port N`, `command on pts/0 for USER from HOST port N id 0` */
function readFromLast(draft: Draft, rest: string): void {
  const tail = / from (\S+)(?: port (\d{1,5}))?(?: id \d{1,9})?$/.exec(rest.slice(-320));
  if (tail === null) return;
  tellPeer(draft, "source", tail[1] as string, tail[2]);
  const head = rest.slice(0, rest.length - tail[0].length);
  if (rest.startsWith("'")) return;
  // Only an account that exists has a session: its name has no space.
  const user = head.lastIndexOf(" for ");
  if (user >= 0) tellUser(draft, { name: nameOf(draft, head.slice(user + 5)) });
}

/** `HOST[ port N][: reason]`, after the user's name when the prefix announces one. */
function readPeer(draft: Draft, rest: string, named: boolean): void {
  const at = named ? peerAfterName(rest) : 0;
  // Of a name that hides the address nothing is sure, not even where it ends.
  if (at < 0) return;
  if (named) tellUser(draft, { name: nameOf(draft, rest.slice(0, Math.max(0, at - 1))) });
  const space = rest.indexOf(" ", at);
  let host = rest.slice(at, space < 0 ? rest.length : space);
  let more = space < 0 ? "" : rest.slice(space);
  if (host.endsWith(":")) {
    host = host.slice(0, -1);
    more = `:${more}`;
  }
  const port = /^ port (\d{1,5})/.exec(more.slice(0, 12));
  // "Connection reset by peer" names nobody.
  if (port === null && !isAddress(host) && !/[.:]/.test(host)) return;
  tellPeer(draft, "source", host, port?.[1]);
  if (port !== null) more = more.slice(port[0].length);
  const local = /^ (?:on|to) ([^\s,]{1,255})(?: port (\d{1,5}))?/.exec(more.slice(0, 280));
  if (local !== null) tellPeer(draft, "destination", local[1] as string, local[2]);
  if (!more.startsWith(":")) return;
  const code = /^: ?(\d{1,3}): /.exec(more.slice(0, 8));
  if (code !== null) putField(draft, "ssh.disconnect_code", code[1] as string);
  tellReason(draft, more.slice(code?.[0].length ?? 1).trim());
}

/** Where `HOST port N` begins after a name that may itself look like one; -1 when that cannot be told. */
function peerAfterName(rest: string): number {
  const last = /(?:^| )(\S+) port \d{1,5}$/.exec(rest.slice(-320));
  if (last !== null) return rest.length - last[0].length + (last[0].startsWith(" ") ? 1 : 0);
  // A reason follows, and may hold names too: one address is the server's, of several none is trusted.
  let found = -1;
  for (let port = rest.indexOf(" port "); port >= 0; port = rest.indexOf(" port ", port + 6)) {
    const begin = rest.lastIndexOf(" ", port - 1) + 1;
    if (!isAddress(rest.slice(begin, port)) || !/^\d{1,5}:/.test(rest.slice(port + 6, port + 12))) continue;
    if (found >= 0 && !rest.endsWith(": Too many authentication failures")) return -1;
    found = begin;
  }
  return found;
}

/** `Authentication failure for [illegal user ]USER from HOST[ via HOST]` */
function readPamError(draft: Draft, text: string): void {
  const user = text.indexOf(" for ");
  if (user < 0) return;
  tell(draft, { action: "ssh_login", category: AUTH, type: INFO, outcome: "failure" });
  tellReason(draft, text.slice(0, user));
  putField(draft, "ssh.method", "pam");
  const rest = text.slice(user + 5).trimEnd();
  const begin = rest.startsWith("illegal user ") ? 13 : 0;
  const tail = / from (\S+)(?: via \S+)?$/.exec(rest.slice(-640));
  const end = tail === null ? rest.length : rest.length - tail[0].length;
  tellUser(draft, { name: nameOf(draft, rest.slice(begin, Math.max(begin, end))) });
  if (tail !== null) tellPeer(draft, "source", tail[1] as string);
}

/** What has its own shape: names that do not map back, dropped connections, subsystems, tcp wrappers. */
function readRarer(draft: Draft, text: string): void {
  const head = text.slice(0, 700);
  const mapped =
    /^reverse mapping checking getaddrinfo for (\S+)(?: \[([^\]\s]+)\])? failed/.exec(head) ??
    /^Address (?<ip>\S+) maps to (\S+), but this does not map back/.exec(head);
  if (mapped !== null) {
    tell(draft, { action: "ssh_reverse_mapping_failed", category: NET, type: INFO });
    const ip = mapped.groups?.ip ?? mapped[2];
    if (ip !== undefined) tellPeer(draft, "source", ip);
    if (draft.alert.source !== undefined)
      draft.alert.source.domain = (mapped.groups === undefined ? mapped[1] : mapped[2]) as string;
    return;
  }
  const subsystem = /^subsystem request for (\S+)(?: by user (\S+?))?( failed, .*)?$/.exec(head);
  if (subsystem !== null) {
    const outcome = subsystem[3] === undefined ? "success" : "failure";
    tell(draft, { action: "ssh_subsystem", category: ["session"], type: INFO, outcome });
    putField(draft, "ssh.subsystem", subsystem[1] as string);
    if (subsystem[2] !== undefined) tellUser(draft, { name: subsystem[2] });
    return;
  }
  const dropped = /^drop connection #\d+ from \[([^\]\s]+)\]:(\d+) on \[([^\]\s]+)\]:(\d+)/.exec(head);
  const wrapped = dropped ?? /^refused connect from \S+ \(([^)\s]+)\)$/.exec(head);
  if (wrapped !== null) {
    tell(draft, {
      action: "ssh_connection_refused",
      category: NET,
      type: ["connection", "denied"],
      outcome: "failure",
    });
    tellPeer(draft, "source", wrapped[1] as string, wrapped[2]);
    if (wrapped[3] !== undefined) tellPeer(draft, "destination", wrapped[3], wrapped[4]);
  }
}
