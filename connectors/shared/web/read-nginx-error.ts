import { nameOf, tell, tellPeer, tellReason, tellUser } from "../bodies/tell.ts";
import { clip, type Draft, putField } from "../draft.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { riskOfWord } from "../severity.ts";
import { putUrl } from "./put-url.ts";
import { readModsecurity } from "./read-modsecurity.ts";

const HEAD =
  /^(?:(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d) )?\[([a-z]{2,8})\] (\d{1,10})[#:](\d{1,20})(?::|(?= |$))(?: \*(\d{1,20}))? ?/;

/** What nginx adds after the text of an error; the address is its own, the rest the client's. */
const CLIENT = /, client: ([^\s,]{1,255})(?=, server: |$|, request: )/g;

/** What an error line told: when, and the index where its message begins. */
export interface ErrorRead {
  instant: number | undefined;
  message: string;
}

/**
 * Reads `DATE [LEVEL] PID#TID: *CONNECTION TEXT, client: …, server: …, request: "…", host: "…"` of nginx's error log;
 * undefined when it is none.
 */
export function readNginxError(draft: Draft, text: string, context: DateContext): ErrorRead | undefined {
  const head = HEAD.exec(text.slice(0, 160));
  if (head === null) return undefined;
  const [whole, date, level = "", pid = "", tid = "", connection] = head;
  const { alert, event } = draft;
  const message = text.slice(whole.length);
  const quiet = level === "notice" || level === "info" || level === "debug";
  tell(draft, { action: "error", category: ["web"], type: [quiet ? "info" : "error"] });
  alert.log = { ...alert.log, level };
  const risk = riskOfWord(level);
  if (risk !== undefined) event.risk_score_norm ??= risk;
  alert.process = { ...alert.process, pid: Number(pid) };
  const thread = Number(tid);
  if (Number.isSafeInteger(thread)) alert.process.thread = { id: thread };
  if (connection !== undefined) putField(draft, "connection", connection);
  readDetails(draft, message);
  readModsecurity(draft, message.replace(/^\[client [^\s\]]{1,64}\] /, ""));
  return { instant: date === undefined ? undefined : readDate(date, 0, context)?.instant, message };
}

function readDetails(draft: Draft, message: string): void {
  const line = message.slice(0, 16_384);
  const clients = [...line.matchAll(CLIENT)];
  const last = clients.at(-1);
  // The text before and the request after may both hold what looks like it: several must agree.
  if (last === undefined || clients.some(([, address]) => address !== last[1])) return;
  tellPeer(draft, "source", last[1] as string);
  const said = line.slice(0, last.index);
  tellReason(draft, said);
  const details = line.slice(last.index);
  const detail = (key: string): string | undefined => {
    const value = new RegExp(`, ${key}: (?:"([^"]*)"|([^,]*))(?=, [a-z]+: |$)`).exec(details);
    return value?.[1] ?? value?.[2];
  };
  for (const key of ["server", "host", "upstream", "request"]) {
    const value = detail(key);
    if (value !== undefined && value !== "") putField(draft, key, value);
  }
  const request = /^([A-Za-z][A-Za-z_-]{0,31}) (.*?)(?: HTTP\/(\d(?:\.\d)?))?$/s.exec(
    detail("request") ?? "",
  );
  if (request !== null) {
    draft.alert.http = { ...draft.alert.http, request: { method: request[1] as string } };
    if (request[3] !== undefined) draft.alert.http.version = request[3];
    putUrl(draft, request[2] as string);
  }
  const referrer = detail("referrer");
  if (referrer)
    draft.alert.http = {
      ...draft.alert.http,
      request: { ...draft.alert.http?.request, referrer: clip(draft, referrer) },
    };
  const host = detail("host") ?? detail("server");
  if (host) draft.alert.url = { domain: clip(draft, host.replace(/:\d{1,5}$/, "")), ...draft.alert.url };
  readSaid(draft, said);
}

function readSaid(draft: Draft, said: string): void {
  const user = /^user "([^"]{0,256})"(?:: password mismatch| was not found in )/.exec(said);
  if (user !== null) {
    tell(draft, {
      action: "http_login",
      category: ["web", "authentication"],
      type: ["info"],
      outcome: "failure",
    });
    tellUser(draft, { name: nameOf(draft, user[1] as string) });
  } else if (
    /^(?:access forbidden by rule|directory index of .{1,2000} is forbidden|limiting (?:requests|connections))/.test(
      said,
    )
  ) {
    tell(draft, {
      action: "access_denied",
      category: ["web"],
      type: ["access", "denied"],
      outcome: "failure",
    });
  }
  const file = /^(?:open|stat|lstat|opendir|rename|mkdir)\(\) "([^"]{1,4096})" failed/.exec(said);
  if (file !== null) draft.alert.file = { path: file[1] as string };
}
