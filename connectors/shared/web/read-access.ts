import { isAddress } from "../address.ts";
import { nameOf, tell, tellPeer, tellUser } from "../bodies/tell.ts";
import { clip, type Draft, putField, putNewField } from "../draft.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { putUrl } from "./put-url.ts";

/** What an access line told: when. */
export interface AccessRead {
  instant: number | undefined;
}

/** `[10/Oct/2000:13:55:36 -0700] "`; what stands in quotes has its own quotes escaped, so none forges it. */
const DATE = /(?:^| )\[(\d{1,2}\/[A-Za-z]{3}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?)\] (?=")/;
/** mod_ssl's request log: `[date] host protocol cipher "request" bytes`. */
const SSL =
  /^\[(\d{1,2}\/[A-Za-z]{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] (\S{1,255}) (TLSv[\d.]{1,4}|SSLv\d|-) (\S{1,64}) (?=")/;

/** How much of a line may precede its date: a virtual host, addresses, a user's name. */
const BEFORE = 2048;

/**
 * Reads a line of an access log of Apache or nginx: common, combined, with a virtual host before or more after it
 * (Apache's mod_log_config, nginx's ngx_http_log_module); undefined when it is none.
 */
export function readAccess(draft: Draft, text: string, context: DateContext): AccessRead | undefined {
  const head = text.slice(0, BEFORE);
  const ssl = SSL.exec(head);
  const found = ssl ?? DATE.exec(head);
  if (found === null) return undefined;
  if (ssl === null) readClient(draft, text.slice(0, found.index));
  else {
    tellPeer(draft, "source", ssl[2] as string);
    putField(draft, "ssl_protocol", ssl[3] as string);
    putField(draft, "ssl_cipher", ssl[4] as string);
  }
  const rest = text.slice(found.index + found[0].length);
  const request = quotedAt(rest, 0);
  if (request === undefined) return undefined;
  readRequest(draft, request.value);
  readAfter(draft, rest.slice(request.end), ssl !== null);
  const status = draft.alert.http?.response?.status_code;
  tell(draft, {
    action: "http_request",
    category: ["web"],
    type: status !== undefined && status >= 400 ? ["access", "error"] : ["access"],
    outcome: status === undefined ? undefined : status < 400 ? "success" : "failure",
  });
  return { instant: readDate(found[1] as string, 0, context)?.instant };
}

/** `[vhost[:port] ]["]forwarded[, for]["] client ident user`, in which a user's name may hold spaces. */
function readClient(draft: Draft, text: string): void {
  let words = text.trim().split(" ");
  // The user is what follows the identity, nearly always "-", after the client.
  const ident = words.findIndex((word, at) => at > 0 && word === "-");
  const at = ident > 0 ? ident : Math.max(1, words.length - 2);
  const user = ident > 0 ? text.slice(text.indexOf(" - ") + 3).trim() : words.slice(at + 1).join(" ");
  if (user !== "-") tellUser(draft, { name: nameOf(draft, user) });
  const identity = words[at];
  if (identity !== undefined && identity !== "-") putField(draft, "ident", identity);
  words = words.slice(0, at);
  const first = (words[0] ?? "").replace(/,$/, "");
  const client = (words.at(-1) ?? "").replace(/,$/, "");
  if (words.length === 1) {
    tellClient(draft, client);
    return;
  }
  // `192.0.2.1:11111 www.example.org:443`: some write the server's name last.
  const reversed = words.length === 2 && isClient(first) && !isClient(client) && /\.[a-z]/i.test(client);
  const listed = words[0]?.endsWith(",") === true;
  const server = reversed ? client : listed ? undefined : first;
  if (server !== undefined) tellServer(draft, server);
  tellClient(draft, reversed ? first : client);
  const forwarded = (listed ? words.slice(0, -1) : words.slice(1, -1)).join(" ").replaceAll('"', "");
  if (forwarded !== "") putField(draft, "x_forwarded_for", forwarded.replace(/,$/, ""));
}

/** The host and the port of `host:port` or `[v6]:port`; an address without port stays whole. */
export function hostAndPort(word: string): [string, string | undefined] {
  const found = /^(?:\[([^\]]{2,64})\]|([^:]{1,255})):(\d{1,5})$/.exec(word);
  return found === null || isAddress(word) ? [word, undefined] : [(found[1] ?? found[2]) as string, found[3]];
}

const isClient = (word: string) => isAddress(hostAndPort(word)[0]);

function tellClient(draft: Draft, word: string): void {
  const [host, port] = hostAndPort(word);
  if (host !== "unix:") tellPeer(draft, "source", host, port);
}

function tellServer(draft: Draft, word: string): void {
  const [host, port] = hostAndPort(word);
  draft.alert.url = { ...draft.alert.url, domain: clip(draft, host) };
  putField(draft, "vhost", host);
  if (port !== undefined) tellPeer(draft, "destination", host, port);
}

/** `GET /path HTTP/1.1`; what is no request is kept as it came. */
function readRequest(draft: Draft, request: string): void {
  if (request === "" || request === "-") return;
  putField(draft, "request", request);
  const method = /^([A-Za-z][A-Za-z_-]{0,31}) /.exec(request.slice(0, 40))?.[1];
  if (method === undefined) return;
  const version = / HTTP\/(\d(?:\.\d)?)$/.exec(request.slice(-12));
  const target = request.slice(method.length + 1, version === null ? undefined : -version[0].length);
  if (version === null && !target.startsWith("/")) return;
  draft.alert.http = { ...draft.alert.http, request: { method } };
  if (version !== null) draft.alert.http.version = version[1] as string;
  const { domain } = draft.alert.url ?? {};
  if (target !== "") putUrl(draft, target);
  if (domain !== undefined && draft.alert.url !== undefined) draft.alert.url.domain ??= domain;
}

/** `STATUS BYTES ["REFERER" "AGENT"]`, and what an administrator adds: numbers, `key=value`, more in quotes. */
function readAfter(draft: Draft, text: string, isSsl: boolean): void {
  const numbers = isSsl
    ? /^ (?:()(\d{1,15}|-))/.exec(text)
    : /^ (\d{3}|-)(?: (\d{1,15}|-))?(?= |$)/.exec(text);
  const http: NonNullable<Draft["alert"]["http"]> = { ...draft.alert.http };
  draft.alert.http = http;
  if (/^\d{3}$/.test(numbers?.[1] ?? "")) http.response = { status_code: Number(numbers?.[1]) };
  if (/^\d+$/.test(numbers?.[2] ?? ""))
    http.response = { ...http.response, body: { bytes: Number(numbers?.[2]) } };
  const quoted = readMore(draft, text, numbers?.[0].length ?? 0);
  const [first, second] = quoted;
  const alone = quoted.length === 1 && first !== "-" && !/^https?:/i.test(first as string);
  const referrer = alone ? undefined : first;
  const agent = alone ? first : second;
  if (referrer !== undefined && referrer !== "-" && referrer !== "")
    http.request = { ...http.request, referrer: clip(draft, referrer) };
  if (agent !== undefined && agent !== "-" && agent !== "")
    draft.alert.user_agent = { original: clip(draft, agent) };
  const forwarded = quoted[2];
  if (forwarded !== undefined && /^[0-9a-f.:]{3,64}(?:, ?[0-9a-z.:_-]{3,64}){0,32}$/i.test(forwarded))
    putNewField(draft, "x_forwarded_for", forwarded);
  if (Object.keys(http).length === 0) delete draft.alert.http;
}

/** Reads what follows the bytes: the texts in quotes, in order; `key=value` and a time go to `fields`. */
function readMore(draft: Draft, text: string, from: number): string[] {
  const quoted: string[] = [];
  let at = from;
  let space = -1;
  while (at < text.length && quoted.length < 32) {
    if (text.charCodeAt(at) === 0x20) {
      at++;
      continue;
    }
    const plain = quotedAt(text, at);
    if (plain !== undefined) {
      quoted.push(plain.value);
      at = plain.end;
      continue;
    }
    // Looked for once: pairs that no space parts would each look through the whole rest.
    if (space < at) space = endOfWord(text, at);
    let end = space;
    const pair = /^([A-Za-z][\w.-]{0,63})=/.exec(text.slice(at, Math.min(end, at + 66)));
    const begin = at + (pair?.[0].length ?? 0);
    const value = pair === null ? undefined : quotedAt(text, begin);
    if (value !== undefined) end = value.end;
    if (pair !== null) putNewField(draft, pair[1] as string, value?.value ?? text.slice(begin, end));
    else if (quoted.length > 1 && /^\d{1,9}\.\d{3}$/.test(text.slice(at, end)))
      putNewField(draft, "request_time", text.slice(at, end));
    at = end;
  }
  return quoted;
}

function endOfWord(text: string, from: number): number {
  const space = text.indexOf(" ", from);
  return space < 0 ? text.length : space;
}

/** A text in quotes at `from`, its escaped quotes and backslashes read; undefined when there is none or no end. */
function quotedAt(text: string, from: number): { value: string; end: number } | undefined {
  if (text.charCodeAt(from) !== 0x22) return undefined;
  let escaped = false;
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) {
      escaped = true;
      at++;
    } else if (code === 0x22) {
      const value = text.slice(from + 1, at);
      return { value: escaped ? unescaped(value) : value, end: at + 1 };
    }
  }
  // A line that was cut ends in the middle of its last text.
  return { value: unescaped(text.slice(from + 1)), end: text.length };
}

/** `\"` and `\\` as Apache writes them, `\x22` and `\x5C` as nginx does; other bytes stay as they are written. */
function unescaped(value: string): string {
  return value.replaceAll(
    /\\(?:(["\\])|x(22|5C))/g,
    (_, plain: string | undefined, hex: string) => plain ?? (hex === "22" ? '"' : "\\"),
  );
}
