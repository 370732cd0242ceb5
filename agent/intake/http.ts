import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { countedAs } from "../canary/heed-canary.ts";
import { type Alert, AlertTag } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { IntakeAnswer } from "../core/intake-answer.ts";
import { identify } from "./http/authenticate.ts";
import { type BodyBudget, bodyBudget, type Lease } from "./http/body-budget.ts";
import {
  type BodyRefused,
  CODINGS,
  inflateBody,
  OVERLOADED,
  RETRY_AFTER_SECONDS,
  readBody,
} from "./http/read-body.ts";
import { type BodyRecord, readRecords } from "./http/read-records.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { type Headers, verifySignature } from "./signature.ts";
import type { HttpSource } from "./sources.ts";
import type { Taken, Taker } from "./taker.ts";
import { openTurns, type Turns } from "./turns.ts";

/** Rejections told one by one; what a sender got wrong 100 times it got wrong. */
const MAX_REJECTIONS = 100;
/** Bodies of the greatest size that may be received, read or stored at once; a source may hold a quarter of them. */
const BODIES = 16;
/** What the greatest size counts as at least, bytes. */
const LEAST_BODY = 64 * 1024;
/** Bytes of a heartbeat's body, which nobody reads. */
const HEARTBEAT_BYTES = 64 * 1024;
/** What a request takes until it is answered, beside its body, bytes. */
const REQUEST_BYTES = 4096;
/** Records, and characters of them, that are matched and stored in one unit before others have their turn. */
const BATCH = 100;
const BATCH_CHARACTERS = 16 * 1024;
/** Characters of a sender's own key for a delivery. */
const LONGEST_KEY = 255;

/** A body that was received whole from a source that proved itself. */
interface Delivery {
  source: HttpSource;
  bytes: Buffer;
  headers: Headers;
}

/** What is posted under one name, and what becomes of it. */
interface Way {
  limit: number;
  budget: BodyBudget;
  act: (delivery: Delivery, response: ServerResponse, lease: Lease) => Promise<void>;
}

/** The path of a target, which a proxy may have sent with its origin (RFC 9112 §3.2.2). */
const pathOf = (target: string) => target.replace(/^https?:\/\/[^/?#]*/i, "").replace(/[?#].*$/s, "");

const PATH = /^\/api\/v1\/(?:facilities\/([^/]+)\/)?([a-z]+)\/([^/]+)\/?$/i;

/** Which way a target names, and whose; undefined when it is none of this facility. */
function placeOf(target: string, facility: string): { path: string; what: string; name: string } | undefined {
  const path = pathOf(target);
  const [, of = facility, what = "", name = ""] = PATH.exec(path) ?? [];
  if (of !== facility || name === "") return undefined;
  try {
    return { path, what: what.toLowerCase(), name: decodeURIComponent(name) };
  } catch {
    return undefined;
  }
}

/** Builds the HTTP way in: `POST /api/v1/alerts/<source>`, and `/api/v1/heartbeats/<source>` for who has nothing to say. */
export function alertsApp(parts: {
  facility: string;
  sources: readonly HttpSource[];
  taker: Taker;
  bodyBytes: number;
  recordBytes: number;
  clock: Clock;
  /** Shared with the other listeners of the thread. */
  turns?: Turns | undefined;
  metrics: IntakeMetrics;
  log: (message: string, fields: Record<string, unknown>) => void;
}): RequestListener {
  const { sources, taker, bodyBytes, clock, metrics, turns = openTurns(parts) } = parts;
  const most = BODIES * (Math.max(bodyBytes, LEAST_BODY) + REQUEST_BYTES);
  const budget = bodyBudget(most, most / 4);
  /** Apart: who sends more alerts than can be taken may still say that it lives. */
  const beats = bodyBudget(BODIES * HEARTBEAT_BYTES, (BODIES * HEARTBEAT_BYTES) / 4);
  const ways = new Map<string, Way>([
    ["alerts", { limit: bodyBytes, budget, act: takeBody }],
    ["heartbeats", { limit: HEARTBEAT_BYTES, budget: beats, act: takeHeartbeat }],
  ]);

  return async (request, response) => {
    const found = placeOf(request.url ?? "", parts.facility);
    const way = found && ways.get(found.what);
    if (found === undefined || way === undefined)
      return problem(response, 404, "not_found", "Alerts go to /api/v1/alerts/<source>.");
    if (request.method !== "POST") {
      response.setHeader("allow", "POST");
      return problem(response, 405, "method_not_allowed", "Alerts and heartbeats are posted.");
    }
    let source = "";
    try {
      await serve(request, response, {
        ...{ way, name: found.name },
        known: (id) => {
          source = id;
        },
      });
    } catch (error) {
      parts.log("alerts could not be stored", { source, path: found.path, error: messageOf(error) });
      if (response.headersSent) return void response.destroy();
      response.setHeader("retry-after", RETRY_AFTER_SECONDS);
      problem(response, 503, "not_stored", "The alerts could not be stored; send them again.");
    }
  };

  /** Finds the source, receives its body and hands it on once it is proven; nothing of it is read before. */
  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    { way, name, known: told }: { way: Way; name: string; known: (source: string) => void },
  ): Promise<void> {
    const { limit, budget, act } = way;
    const refuse = (source: string, status: number, code: string, detail: string) => {
      metrics.refused.inc({ source, code });
      problem(response, status, code, detail);
    };
    const found = identify(sources, request, name);
    if (found.outcome === "refused") {
      if (found.status === 401) response.setHeader("www-authenticate", ["Bearer", 'Basic realm="tocsin"']);
      return refuse(found.source, found.status, found.code, found.detail);
    }
    const peer = request.socket.remoteAddress;
    const opening = request.headers["user-agent"] ?? "";
    const source = (taker.canary ?? { countedAs }).countedAs(found.source, peer, opening);
    told(source.id);
    const lease = budget.lease(source.id);
    try {
      const body = await readBody(request, { limit, lease });
      if (body === undefined) return void metrics.refused.inc({ source: source.id, code: "connection_lost" });
      // Without a token in front of it, anyone may have sent this: it is counted and not kept.
      const known = source.signature === undefined || source.tokenDigest !== undefined;
      // Who is told to wait is not silent; where a signature is due too, nothing is proven yet.
      if (source.signature === undefined) heard(source);
      if (body.outcome === "refused") return refuseBody(response, source.id, body, known);
      const headers = request.headers as Headers;
      if (source.signature !== undefined) {
        const proof = verifySignature(source.signature, { headers, body: body.bytes, now: clock.now() });
        if (proof.outcome === "refused") {
          response.setHeader("www-authenticate", "Signature");
          return refuse(source.id, 401, proof.code, `The signature is not accepted: ${proof.because}.`);
        }
      }
      // Many small ones, sent faster than the disk takes, are no less than a few large ones.
      if (!lease.take(REQUEST_BYTES)) return refuseBody(response, source.id, OVERLOADED, false);
      heard(source);
      metrics.bytes.of({ source: source.id, transport: "http" }).count += body.bytes.length;
      await act({ source, headers, bytes: body.bytes }, response, lease);
    } finally {
      lease.release();
    }
  }

  function heard({ id }: HttpSource): void {
    metrics.lastSeen.set({ source: id }, Math.floor(clock.now() / 1_000_000));
  }

  async function takeHeartbeat({ source }: Delivery, response: ServerResponse): Promise<void> {
    metrics.heartbeats.inc({ source: source.id });
    response.writeHead(204).end();
  }

  async function takeBody(
    { source, bytes, headers }: Delivery,
    response: ServerResponse,
    lease: Lease,
  ): Promise<void> {
    const inflated = await inflateBody(bytes, {
      coding: headers["content-encoding"],
      limit: bodyBytes,
      lease,
    });
    if (inflated.outcome === "refused") return refuseBody(response, source.id, inflated, true);
    const context = { received: clock.now(), zone: source.zone, peer: response.req.socket.remoteAddress };
    const body = { bytes: inflated.bytes, headers, recordBytes: parts.recordBytes };
    const pause = turns.pauses();
    const read = await readRecords(source, body, { context, pause });
    if (read.outcome === "refused") {
      const { status, code, message, more, sample } = read;
      const field = typeof more.field === "string" && more.field !== "(body)" ? `${more.field}: ` : "";
      taker.quarantine(source.id, code, `${field}${message}`, sample);
      return problem(response, status, code, message, more);
    }
    metrics.received.of({ source: source.id, transport: "http" }).count += read.records.length;
    const answer = await decide(source, read.records, { headers, pause });
    const hopeless = answer.rejected.length > 0 && answer.accepted + answer.duplicates === 0;
    send(response, hopeless ? 422 : 202, "application/json", answer);
  }

  function refuseBody(
    response: ServerResponse,
    source: string,
    { status, code, message }: BodyRefused,
    kept: boolean,
  ): void {
    if (status === 415) response.setHeader("accept-encoding", CODINGS);
    if (status === 503) response.setHeader("retry-after", RETRY_AFTER_SECONDS);
    if (kept && status !== 503) taker.quarantine(source, code, message, "");
    else metrics.refused.inc({ source, code });
    problem(response, status, code, message);
  }

  async function decide(
    source: HttpSource,
    records: readonly BodyRecord[],
    { headers, pause }: { headers: Headers; pause: () => Promise<void> },
  ): Promise<IntakeAnswer> {
    const answer: IntakeAnswer = { accepted: 0, duplicates: 0, rejected: [] };
    // The sender's own key for a delivery tells a repeat where the records themselves do not.
    const key = (headers["webhook-id"] || headers["idempotency-key"])?.slice(0, LONGEST_KEY);
    let rejected = 0;
    const good: { alert: Alert; eventId: string | undefined; index: number }[] = [];
    const reject = (index: number, code: string, message: string) => {
      rejected += 1;
      if (rejected <= MAX_REJECTIONS) answer.rejected.push({ index, code, message });
    };
    for (const [index, { alert, eventId, error, sample, bestEffort }] of records.entries()) {
      if (error !== undefined) taker.quarantine(source.id, error.code, error.message, sample);
      else if (alert.tags?.includes(AlertTag.unrecognised)) taker.unrecognised(source.id, sample);
      if (alert !== undefined && (error === undefined || bestEffort)) {
        good.push({ alert, eventId: eventId ?? (key ? `${key}/${index}` : undefined), index });
        continue;
      }
      const { code, message } = error ?? { code: "unreadable", message: "nothing could be read" };
      reject(index, code, message);
    }
    const taken: Promise<Taken[]>[] = [];
    for (let at = 0, end = 0; at < good.length; at = end) {
      await pause();
      end = batchEnd(good, at);
      const batch = taker.take(source.id, good.slice(at, end));
      // Heard below, where the first that failed is told.
      batch.catch(() => undefined);
      taken.push(batch);
    }
    for (const [i, outcome] of (await Promise.all(taken)).flat().entries()) {
      if (outcome === "duplicate") answer.duplicates++;
      else if (outcome === "refused")
        reject(good[i]?.index ?? i, "not_the_canary", "it comes from the canary's address and is none");
      else answer.accepted++;
    }
    if (rejected > MAX_REJECTIONS) answer.rejected_total = rejected;
    return answer;
  }
}

/** Where the batch that begins at a place ends: after one record at least. */
function batchEnd(records: readonly { alert: Alert }[], from: number): number {
  let end = from;
  for (let characters = 0; end < records.length && end < from + BATCH && characters < BATCH_CHARACTERS; end++)
    characters += records[end]?.alert.event?.original?.length ?? 0;
  return end;
}

/** RFC 9457 problem details. */
function problem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more: Record<string, unknown> = {},
): void {
  const type = `urn:tocsin:${code}`;
  send(response, status, "application/problem+json", { type, title: code, status, detail, ...more });
}

/** Whether a request says that a body comes (RFC 9112 §6.3). */
const hasBody = ({ headers }: IncomingMessage) =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

function send(response: ServerResponse, status: number, type: string, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "content-length": bytes.length });
  const { req: request } = response;
  if (request.complete || response.shouldKeepAlive || !hasBody(request)) return void response.end(bytes);
  // To end with bytes unread resets the connection, and the answer with it: what still comes is let go first.
  response.write(bytes);
  request.once("end", () => response.end()).resume();
}
