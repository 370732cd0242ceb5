import type { Answer } from "../../shared/egress/call-out.ts";
import { pointTo } from "../../shared/json-pointer.ts";
import { oneLine, shorten } from "../../shared/notify/words.ts";
import { sayStatus } from "../../shared/say-status.ts";
import { retryAfter } from "./retry-after.ts";
import type { Receipt } from "./settings.ts";

type Answered = Extract<Answer, { status: number }>;

/** What an answer says of a filing, in French. */
export type Verdict =
  | { outcome: "delivered"; because: string; reference: string }
  /** `wait`: the seconds that it asks to wait. */
  | { outcome: "refused" | "unreachable" | "uncertain"; because: string; wait?: number | undefined };

const LONGEST_QUOTE = 200;
const LONGEST_REFERENCE = 200;

/** Where receivers usually say in words what is wrong: RFC 9457, RFC 6749 §5.2, and habit. */
const USUAL_WORDS = [
  "/detail",
  "/message",
  "/error_description",
  "/error/message",
  "/errors/0/message",
  "/errors/0/detail",
  "/issue/0/diagnostics",
  "/error",
  "/title",
];

/** Statuses by which a receiver says that it has not taken what was sent, and may later. */
const LATER = new Set([408, 425, 429, 503]);
/** Those of 5xx that say so for good. */
const NEVER = new Set([501, 505]);
const REDIRECTS = new Set([301, 302, 307, 308]);

/** The JSON of a whole answer; undefined when it is none. */
export function jsonOf({ body, flaw }: Pick<Answered, "body" | "flaw">): unknown {
  if (flaw !== undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/** The receiver's own short words, on one line; empty when there are none. */
export function portalText(answer: Answered, pointer: string | undefined): string {
  const json = jsonOf(answer);
  if (json === undefined) return clean(pageTitle(answer));
  const [said] = (pointer === undefined ? USUAL_WORDS : [pointer, ...USUAL_WORDS])
    .map((each) => clean(plain(pointTo(json, each))))
    .filter((each) => each !== "");
  return said ?? "";
}

/** What an answer to a filing that was sent says of it. */
export function judgeSent(
  answer: Answered,
  receipt: Receipt,
  { to, now }: { to: string; now: Date },
): Verdict {
  const { status, headers } = answer;
  const said = quoted(portalText(answer, receipt.message));
  if (status >= 300 && status < 400) return judgeRedirect(status, headers, to);
  if (receipt.statuses.refused.includes(status))
    return { outcome: "refused", because: `${to} a refusé l'envoi (réponse ${status})${said}.` };
  if (receipt.statuses.uncertain.includes(status))
    return {
      outcome: "uncertain",
      because: `${to} ne dit pas s'il a pris l'envoi (réponse ${status})${said}.`,
    };
  if (isTaken(status, receipt) || status === 409) return judgeTaken(answer, receipt, to);
  if (LATER.has(status)) {
    const wait = retryAfter(headers, now);
    const later = wait === undefined ? "" : `, pas avant ${wait} s`;
    return {
      outcome: "unreachable",
      because: `${to} ${sayStatus(status, later)} et n'a pas pris l'envoi${said}.`,
      wait,
    };
  }
  if (status < 500 || NEVER.has(status))
    return { outcome: "refused", because: `${to} ${sayStatus(status)}${said}.` };
  return {
    outcome: "uncertain",
    because: `${to} ${sayStatus(status)}${said} : rien ne dit si l'envoi a été pris.`,
  };
}

/** What an answer to a question says of a filing: a receiver that cannot be asked has refused nothing. */
export function judgeAsked(
  answer: Answered,
  receipt: Receipt,
  { to, never }: { to: string; never: { statuses: readonly number[]; states: readonly string[] } },
): Verdict {
  const { status } = answer;
  const state = stateOf(jsonOf(answer), receipt);
  if (never.statuses.includes(status) || (state !== undefined && never.states.includes(state)))
    return {
      outcome: "unreachable",
      because: `${to} dit n'avoir jamais reçu cet envoi (réponse ${status}) : il peut être refait.`,
    };
  if (isTaken(status, receipt)) return judgeTaken(answer, receipt, to);
  return {
    outcome: "uncertain",
    because: `${to}, interrogé, ne dit rien de cet envoi (réponse ${status})${quoted(portalText(answer, receipt.message))}.`,
  };
}

const isTaken = (status: number, { statuses }: Receipt) =>
  (status >= 200 && status < 300) || statuses.delivered.includes(status);

/** A status alone is no receipt: only the receiver's own reference is. */
function judgeTaken(answer: Answered, receipt: Receipt, to: string): Verdict {
  const { status, flaw, body } = answer;
  const uncertain = (why: string): Verdict => ({
    outcome: "uncertain",
    because: `${to} a répondu (réponse ${status}), mais ${why} : vérifiez auprès de lui avant de renvoyer.`,
  });
  if (flaw !== undefined) return uncertain(`sa réponse n'a pas pu être lue (${flaw.because})`);
  const json = jsonOf(answer);
  if (json === undefined) {
    if (body.length === 0) return uncertain("sans rien dire de plus");
    return uncertain(`par une page et non par un accusé de réception${quoted(clean(pageTitle(answer)))}`);
  }
  const said = quoted(portalText(answer, receipt.message));
  const state = stateOf(json, receipt);
  if (receipt.state !== undefined) {
    const named = state === undefined ? "sans état" : `dans l'état « ${clean(state)} »`;
    if (state !== undefined && receipt.states.refused.includes(state))
      return { outcome: "refused", because: `${to} a refusé l'envoi (réponse ${status}), ${named}${said}.` };
    if (state === undefined || !receipt.states.delivered.includes(state)) return uncertain(`${named}${said}`);
  }
  const reference = clean(plain(pointTo(json, receipt.reference)), Number.POSITIVE_INFINITY);
  if (status === 409 && reference === "")
    return uncertain(`il connaît déjà cet envoi et n'en donne pas la référence${said}`);
  if (reference === "") return uncertain(`sans référence${said}`);
  if (reference.length > LONGEST_REFERENCE)
    return uncertain(`avec une référence de plus de ${LONGEST_REFERENCE} caractères`);
  const date = receipt.date === undefined ? "" : clean(plain(pointTo(json, receipt.date)));
  const dated = date === "" ? "" : `, daté par lui « ${date} »`;
  const again = status === 409 ? ", déjà reçu auparavant" : "";
  return {
    outcome: "delivered",
    because: `${to} a accusé réception, n° ${reference} (réponse ${status}${again})${dated}.`,
    reference,
  };
}

function judgeRedirect(status: number, headers: Answered["headers"], to: string): Verdict {
  const location = clean(String(headers.location ?? ""));
  const where = URL.canParse(location) ? new URL(location).host : location;
  const named = where === "" ? "ailleurs, sans dire où" : `vers « ${where} »`;
  if (REDIRECTS.has(status))
    return {
      outcome: "refused",
      because: `${to} renvoie ${named} (réponse ${status}) : un envoi ne suit aucune redirection. Corrigez l'adresse.`,
    };
  // A 303 may well come once the request was carried out (RFC 9110 §15.4.4).
  return {
    outcome: "uncertain",
    because: `${to} renvoie ${named} (réponse ${status}) au lieu d'un accusé : rien ne dit si l'envoi a été pris.`,
  };
}

function stateOf(json: unknown, { state }: Receipt): string | undefined {
  if (state === undefined) return undefined;
  const found = pointTo(json, state);
  return typeof found === "boolean" ? String(found) : plain(found) || undefined;
}

/** The title of a page; of what is no page, its beginning. */
function pageTitle({ body, flaw }: Answered): string {
  if (flaw !== undefined) return "";
  const text = new TextDecoder().decode(body.subarray(0, 16 * 1024));
  const lower = text.toLowerCase();
  const open = lower.indexOf("<title");
  if (open < 0) return lower.trimStart().startsWith("<") ? "" : text;
  const start = lower.indexOf(">", open) + 1;
  const end = lower.indexOf("</title", start);
  return start === 0 || end < 0 ? "" : text.slice(start, end);
}

function plain(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value.toWellFormed() : "";
}

function clean(text: string, longest = LONGEST_QUOTE): string {
  const line = oneLine(text).replace(/\s+/g, " ");
  return Number.isFinite(longest) ? shorten(line, longest) : line;
}

const quoted = (text: string) => (text === "" ? "" : ` : « ${text} »`);
