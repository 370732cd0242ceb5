import { clip, type Draft, putField, putNewField } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";
import { nameOf, tell, tellPeer, tellReason, tellUser } from "./tell.ts";

/** `host.example[192.0.2.1]:25`, as postfix names a peer; the name is from DNS and holds no space. */
const PEER = String.raw`(?<client_name>[^\s[\]]{0,255})\[(?<host>[^\s[\]]{1,64})\](?::(?<port>\d{1,5}))?`;
const SERVER = String.raw`(?<server_name>[^\s[\]]{0,255})\[(?<to>[^\s[\]]{1,255})\](?::(?<toPort>\d{1,5}))?`;
const of = (pattern: string) =>
  new RegExp(pattern.replaceAll("PEER", PEER).replaceAll("SERVER", SERVER), "s");

const NET = "network";
const MAIL = "email";

/** Lines that are of no message in the queue: connections, sessions, what postscreen and anvil say. */
const SAYINGS = [
  saying(of("^connect from PEER"), "smtp_connect", NET, "connection start"),
  saying(of("^disconnect from PEER(?: (?<commands>.{1,256}))?$"), "smtp_disconnect", NET, "connection end"),
  saying(
    of("^CONNECT from PEER to \\[(?<to>[^\\s\\]]{1,64})\\]:(?<toPort>\\d{1,5})$"),
    "smtp_connect",
    NET,
    "connection start",
  ),
  saying(of("^DISCONNECT PEER$"), "smtp_disconnect", NET, "connection end"),
  saying(
    of(
      "^(?<reason>lost connection|timeout|SSL_accept error|too many errors|bare <LF> received)(?: after (?<stage>[A-Z -]{1,32}?)(?: \\(\\d{1,12} bytes\\))?)? from PEER",
    ),
    "smtp_lost_connection",
    NET,
    "connection end",
    "failure",
  ),
  saying(
    of("^PREGREET (?<bytes>\\d{1,9}) after (?<seconds>[\\d.]{1,9}) from PEER(?:: (?<data>.{0,1024}))?$"),
    "smtp_pregreet",
    NET,
    "protocol",
    "failure",
  ),
  saying(
    of(
      "^(?<reason>HANGUP|DNSBL rank \\d{1,6}|NON-SMTP COMMAND|BARE NEWLINE|COMMAND (?:PIPELINING|(?:TIME|COUNT|LENGTH) LIMIT))(?: after [\\d.]{1,9})? (?:from|for) PEER",
    ),
    "smtp_violation",
    NET,
    "protocol",
    "failure",
  ),
  saying(
    of("^(?<verdict>PASS (?:OLD|NEW)|(?:WHITE|ALLOW)LIST(?:ED| VETO)) PEER"),
    "smtp_admitted",
    NET,
    "allowed",
  ),
  saying(of("^(?<verdict>(?:BLACK|DENY)LISTED) PEER"), "smtp_refused", NET, "denied", "failure"),
  saying(
    of("^(?<reason>improper command pipelining) after (?<stage>\\S{1,32}) from PEER"),
    "smtp_violation",
    NET,
    "protocol",
    "failure",
  ),
  saying(
    of(
      "^(?:warning: )?PEER: SASL (?<sasl_method>\\S{1,64}) authentication failed: (?<reason>.{0,1024}?)(?:, sasl_username=(?<user>.{1,256}))?$",
    ),
    "smtp_login",
    "authentication",
    "info",
    "failure",
  ),
  saying(
    of(
      "^(?:(?<tls_trust>[A-Z][a-z]{1,16}) )?TLS connection established from PEER: (?<tls_protocol>\\S{1,32}) with cipher (?<tls_cipher>\\S{1,128})",
    ),
    "tls_established",
    NET,
    "connection info",
    "success",
  ),
  saying(
    of(
      "^(?:(?<tls_trust>[A-Z][a-z]{1,16}) )?TLS connection established to SERVER: (?<tls_protocol>\\S{1,32}) with cipher (?<tls_cipher>\\S{1,128})",
    ),
    "tls_established",
    NET,
    "connection info",
    "success",
  ),
  saying(
    of("^(?<reason>SSL_connect error|certificate verification failed) (?:to|for) SERVER"),
    "tls_failed",
    NET,
    "connection error",
    "failure",
  ),
  saying(of("^connect to SERVER: (?<reason>.{1,256})$"), "smtp_connect", NET, "connection start", "failure"),
  saying(
    /^warning: hostname (?<client_name>\S{1,255}) does not resolve to address (?<host>[^\s:]{1,64}|[\da-f:.]{2,64}?)(?:: (?<reason>.{1,256}))?$/,
    "smtp_hostname_mismatch",
    NET,
    "info",
  ),
  saying(
    of(
      "^(?:warning: )?(?<reason>(?:Connection|Message delivery request|Recipient address|New TLS session|AUTH command) (?:concurrency|rate) limit exceeded): \\d{1,9} from PEER",
    ),
    "smtp_limit_exceeded",
    NET,
    "denied",
    "failure",
  ),
  saying(
    /^statistics: max (?<statistic>[a-z ]{1,64}) (?<count>\d{1,12})(?:\/\w{1,16})?(?: for \((?<service_name>[^:)]{1,64}):(?<host>[^)]{1,64})\))? at /,
    "smtp_statistics",
    NET,
    "info",
  ),
  saying(
    /^addr (?<host>\S{1,64}) listed by domain (?<dnsbl>\S{1,255}) as (?<dnsbl_result>\S{1,64})/,
    "dnsbl_listed",
    NET,
    "info",
  ),
  saying(/^daemon started -- version (?<version>[^\s,]{1,64})/, "mail_server_started", "process", "start"),
  saying(/^terminating on signal (?<signal>\d{1,3})/, "mail_server_stopped", "process", "end"),
  saying(/^(?:warning|fatal|error|panic): (?<reason>.{1,2048})$/s, "mail_server_warning", "process", "error"),
];

/** A queue's identifier: hexadecimal, or base 52 with `enable_long_queue_ids`. */
const QUEUE = /^(NOQUEUE|[0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,24}): /;

/** Reads what the programs of Postfix say: connections, refusals, and each message on its way through the queue. */
export const readPostfix = (draft: Draft, message: string): void => {
  const queue = QUEUE.exec(message.slice(0, 32));
  if (queue === null) readSaying(draft, SAYINGS, message);
  else readQueued(draft, queue[1] as string, message.slice(queue[0].length, 16_384));
  readDomain(draft);
};

function readQueued(draft: Draft, id: string, text: string): void {
  if (id !== "NOQUEUE") draft.alert.email = { ...draft.alert.email, local_id: id };
  putField(draft, "queue_id", id);
  if (!readJudged(draft, text) && !readHeader(draft, text)) readProgress(draft, text);
}

/** The names that postfix puts before addresses. */
function readDomain(draft: Draft): void {
  const { alert, fields } = draft;
  const name = fields.client_name;
  if (typeof name === "string" && name !== "unknown" && alert.source !== undefined)
    alert.source.domain = name;
  const server = fields.server_name;
  if (typeof server === "string" && alert.destination !== undefined) alert.destination.domain = server;
}

const JUDGED = of(
  "^(?<verdict>(?:milter-|proxy-)?(?:reject_warning|reject|discard|defer|filter|hold|accept|redirect|warn|header-redirect)): (?<stage>[A-Z-]{1,24}(?: (?:FROM|TO))?) from PEER: (?<answer>.{1,4096}?)(?:; (?<pairs>(?:from|to|proto)=.{0,2048}))?$",
);

const ADDED = of("^(?<said>.*) from (?:PEER|local); (?<pairs>from=.{0,2048})$");
const CLIENT = of("^client=PEER");
const RELAY = of("^SERVER$");

/** `reject: RCPT from host[ip]: 554 5.7.1 <a@b>: Relay access denied; from=<…> to=<…> proto=ESMTP helo=<…>` */
function readJudged(draft: Draft, text: string): boolean {
  const groups = JUDGED.exec(text)?.groups;
  if (groups === undefined) return false;
  const { verdict = "", stage = "", client_name = "", host = "", port, answer = "", pairs = "" } = groups;
  const refused = /reject$|discard|defer/.test(verdict);
  tell(draft, {
    action: `mail_${verdict.replaceAll("-", "_")}`,
    category: [MAIL],
    type: refused ? ["info", "denied"] : ["info"],
    outcome: refused ? "failure" : undefined,
  });
  putField(draft, "verdict", verdict);
  putField(draft, "stage", stage);
  if (client_name !== "") putField(draft, "client_name", client_name);
  tellPeer(draft, "source", host, port);
  const code = /^(\d{3})(?: (\d\.\d{1,3}\.\d{1,3}))? /.exec(answer);
  if (code !== null) {
    putField(draft, "reply_code", code[1] as string);
    if (code[2] !== undefined) putField(draft, "dsn", code[2]);
  }
  tellReason(draft, answer.slice(code?.[0].length ?? 0).replace(/^: /, ""));
  readPairs(draft, pairs);
  return true;
}

/** `warning: header Subject: … from host[ip]; from=<…>`, `message-id=<…>` */
function readHeader(draft: Draft, text: string): boolean {
  const id = /^(?:resent-)?message-id=<?([^<>\s]{1,1024})>?$/.exec(text);
  if (id !== null) {
    tell(draft, { action: "mail_received", category: [MAIL], type: ["info"] });
    putField(draft, "message-id", id[1] as string);
    draft.alert.email = { ...draft.alert.email, message_id: id[1] as string };
    return true;
  }
  const header =
    /^(warning|reject|hold|replace|prepend|discard|redirect|filter|info): (header|body) (.*)$/s.exec(text);
  if (header === null) return false;
  // The client's header comes first: what postfix adds is after the last " from " that has its shape.
  const added = ADDED.exec(header[3] as string)?.groups;
  tell(draft, {
    action: `mail_${header[1] as string}`,
    category: [MAIL],
    type: header[1] === "reject" || header[1] === "discard" ? ["info", "denied"] : ["info"],
    outcome: header[1] === "reject" || header[1] === "discard" ? "failure" : undefined,
  });
  const said = added?.said ?? (header[3] as string);
  const subject = /^Subject: ?(.*)$/is.exec(said);
  if (subject !== null)
    draft.alert.email = { ...draft.alert.email, subject: clip(draft, subject[1] as string) };
  putField(draft, header[2] as string, said);
  if (added === undefined) return true;
  if (added.client_name) putField(draft, "client_name", added.client_name);
  if (added.host !== undefined) tellPeer(draft, "source", added.host, added.port);
  readPairs(draft, added.pairs ?? "");
  return true;
}

/** `from=<…>, size=…, nrcpt=…`, `to=<…>, relay=…, dsn=2.0.0, status=sent (250 ok)`, `client=…`, `removed` */
function readProgress(draft: Draft, text: string): void {
  const client = CLIENT.exec(text)?.groups;
  if (client?.host !== undefined) {
    tell(draft, { action: "mail_accepted", category: [MAIL], type: ["info"], outcome: "success" });
    if (client.client_name) putField(draft, "client_name", client.client_name);
    tellPeer(draft, "source", client.host, client.port);
    readPairs(draft, text);
    return;
  }
  const status = /(?:^|[, ])status=([a-z_-]{1,32})(?:,| \((.*)\)$|$|\s)/s.exec(text);
  if (status !== null && /^(?:to|from|orig_to)=</.test(text)) {
    const word = status[1] as string;
    tell(draft, {
      action: `mail_${word.replaceAll("-", "_")}`,
      category: [MAIL],
      type: ["info"],
      outcome: word === "sent" || word === "deliverable" ? "success" : "failure",
    });
    readPairs(draft, text.slice(0, status.index));
    putField(draft, "status", word);
    if (status[2] !== undefined) tellReason(draft, status[2]);
    readRelay(draft);
    return;
  }
  const word = /^(removed|skipped, still being delivered|placed on hold|released from hold|requeued)$/.exec(
    text,
  );
  const notice = /^(sender|postmaster) (non-delivery|delivery status|delay) notification: (\S{1,32})$/.exec(
    text,
  );
  if (word !== null) tell(draft, { action: "mail_removed", category: [MAIL], type: ["info"] });
  else if (notice !== null) {
    tell(draft, { action: "mail_bounced", category: [MAIL], type: ["info"], outcome: "failure" });
    putField(draft, "bounce_queue_id", notice[3] as string);
  } else if (/^(?:from|uid|to)=/.test(text)) {
    tell(draft, { action: "mail_queued", category: [MAIL], type: ["info"] });
    readPairs(draft, text);
  } else readSaying(draft, DELIVERY, text);
}

const DELIVERY = [
  saying(
    of("^(?<reason>(?:lost connection|conversation) with SERVER.{0,512})$"),
    "smtp_lost_connection",
    NET,
    "connection end",
    "failure",
  ),
  saying(
    of("^(?<reason>host SERVER (?:said|refused to talk to me): .{0,2048})$"),
    "mail_refused_by_server",
    MAIL,
    "info",
    "failure",
  ),
  saying(/^(?:warning|fatal|error): (?<reason>.{1,2048})$/s, "mail_server_warning", "process", "error"),
];

function readRelay(draft: Draft): void {
  const { relay } = draft.fields;
  const server = typeof relay === "string" ? RELAY.exec(relay)?.groups : undefined;
  if (server?.to === undefined || !/^[\da-f.:]{2,64}$/i.test(server.to)) return;
  tellPeer(draft, "destination", server.to, server.toPort);
  if (draft.alert.destination !== undefined && server.server_name)
    draft.alert.destination.domain = server.server_name;
}

/** `key=value` separated by commas or spaces; what is between angle brackets may hold both. */
function readPairs(draft: Draft, text: string): void {
  const { alert } = draft;
  for (const [, key = "", angled, plain] of text.matchAll(
    /(?:^|[, ])([a-z][a-z_-]{1,31})=(?:<([^<>]{0,1024})>|([^,\s]{0,1024}))/g,
  )) {
    const value = angled ?? plain ?? "";
    const taken = Object.hasOwn(draft.fields, key);
    putNewField(draft, key, value);
    if (taken || value === "") continue;
    if (key === "from") alert.email = { ...alert.email, from: { address: [value] } };
    else if (key === "to") alert.email = { ...alert.email, to: { address: [value] } };
    else if (key === "proto" && /^E?SMTP$/.test(value))
      alert.network = { protocol: "smtp", ...alert.network };
    else if (key === "sasl_username") tellUser(draft, { name: nameOf(draft, value) });
  }
}
