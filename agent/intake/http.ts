import { createHash, timingSafeEqual } from "node:crypto";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { DecodedRecord } from "../../connectors/contract.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { HttpSource } from "./sources.ts";
import { readable, type Taker } from "./taker.ts";

/** Records taken in one body: while they are decoded and matched, no other source is served. */
const MAX_RECORDS = 10_000;
/** Rejections told one by one; what a sender got wrong 100 times it got wrong. */
const MAX_REJECTIONS = 100;
/** Where bodies of the connectors hold their list, when they are not one. */
const LISTS = ["alerts", "events", "Records"];

/** What a sender is told of each body, once every record of it is decided. */
interface Answer {
  /** Records taken: stored, or found to matter to no rule. */
  accepted: number;
  duplicates: number;
  rejected: { index: number; code: string; message: string }[];
  /** How many were rejected, when not all of them are listed. */
  rejected_total?: number;
}

/** Builds the HTTP way in: `POST /api/v1/alerts/<connector>`, one bearer token a source. */
export function alertsApp(parts: {
  facility: string;
  sources: readonly HttpSource[];
  taker: Taker;
  bodyBytes: number;
  clock: Clock;
  metrics: IntakeMetrics;
  log: (message: string, fields: Record<string, unknown>) => void;
}): Express {
  const { sources, taker, clock, metrics } = parts;
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", false);
  const readBody = express.json({ limit: parts.bodyBytes, type: () => true, strict: false });
  const paths = ["/api/v1/alerts/:connector", `/api/v1/facilities/${parts.facility}/alerts/:connector`];

  // The token is looked at before the body is read: a stranger costs nothing.
  app.post(paths, (request, response, next) => {
    const source = authorised(request);
    if (source === undefined) {
      metrics.refused.inc({ source: "", code: "bad_token" });
      response.set("www-authenticate", "Bearer");
      problem(
        response,
        401,
        "bad_token",
        "No source has this bearer token; take it from the configuration of the source.",
      );
      return;
    }
    if (source.connector.name !== request.params.connector) {
      problem(
        response,
        404,
        "wrong_connector",
        `This token is that of a ${source.connector.name} source: post to /api/v1/alerts/${source.connector.name}.`,
      );
      return;
    }
    response.locals.source = source;
    next();
  });
  app.post(paths, readBody, async (request, response) => {
    const source = response.locals.source as HttpSource;
    const received = clock.now();
    metrics.lastSeen.set({ source: source.id }, Math.floor(received / 1_000_000));
    metrics.bytes.inc(
      { source: source.id, transport: "http" },
      Number(request.headers["content-length"] ?? 0),
    );
    const count = recordCount(request.body);
    if (count > MAX_RECORDS) {
      const detail = `The body holds ${count} records; ${MAX_RECORDS} at most are taken at once: send smaller batches.`;
      taker.quarantine(source.id, "too_many_records", detail, "");
      problem(response, 422, "too_many_records", detail, { limit: MAX_RECORDS });
      return;
    }
    const headers = request.headers as Record<string, string | undefined>;
    const decoded = source.connector.decode?.(headers, request.body, {
      received,
      zone: source.zone,
      peer: request.ip,
    });
    if (decoded === undefined || decoded.outcome === "refused") {
      const { code, message, field } = decoded ?? {
        code: "not_http",
        message: "this connector takes no HTTP",
        field: "",
      };
      taker.quarantine(source.id, code, `${field}: ${message}`, JSON.stringify(request.body) ?? "");
      problem(response, 422, code, message, { field });
      return;
    }
    metrics.received.of({ source: source.id, transport: "http" }).count += decoded.records.length;
    const answer = await decide(source, decoded.records);
    const hopeless = answer.rejected.length > 0 && answer.accepted + answer.duplicates === 0;
    response.status(hopeless ? 422 : 202).json(answer);
  });
  app.all(paths, (_request, response) => {
    response.set("allow", "POST");
    problem(response, 405, "method_not_allowed", "Alerts are posted.");
  });
  app.use((_request, response) =>
    problem(response, 404, "not_found", "Alerts go to /api/v1/alerts/<connector>."),
  );
  app.use(failed);
  return app;

  function authorised(request: Request): HttpSource | undefined {
    const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    if (token === undefined) return undefined;
    const digest = createHash("sha256").update(token).digest();
    let found: HttpSource | undefined;
    for (const source of sources) if (timingSafeEqual(source.tokenDigest, digest)) found = source;
    return found;
  }

  async function decide(source: HttpSource, records: readonly DecodedRecord[]): Promise<Answer> {
    const answer: Answer = { accepted: 0, duplicates: 0, rejected: [] };
    let rejected = 0;
    const good: (DecodedRecord & { alert: NonNullable<DecodedRecord["alert"]> })[] = [];
    for (const [index, record] of records.entries()) {
      if (record.error === undefined && readable(record)) good.push(record);
      else {
        const { code, message } = record.error ?? { code: "unreadable", message: "nothing could be read" };
        rejected += 1;
        if (rejected <= MAX_REJECTIONS) answer.rejected.push({ index, code, message });
        // Counted each; kept within the bounds of the quarantine.
        taker.quarantine(source.id, code, message, "");
      }
    }
    if (rejected > MAX_REJECTIONS) answer.rejected_total = rejected;
    for (const outcome of await taker.take(source.id, good)) {
      if (outcome === "duplicate") answer.duplicates++;
      else answer.accepted++;
    }
    return answer;
  }

  // Express knows an error handler by its four parameters.
  function failed(error: unknown, request: Request, response: Response, next: NextFunction): void {
    if (response.headersSent) {
      next(error);
      return;
    }
    const source = (response.locals.source as HttpSource | undefined)?.id ?? "";
    const { type, status } = error as { type?: string; status?: number };
    if (type === "entity.too.large") {
      taker.quarantine(source, "body_too_large", `more than ${parts.bodyBytes} bytes`, "");
      problem(
        response,
        413,
        "body_too_large",
        `The body is over ${parts.bodyBytes} bytes; send smaller batches.`,
      );
    } else if (type === "entity.parse.failed") {
      taker.quarantine(
        source,
        "not_json",
        messageOf(error),
        String((error as { body?: unknown }).body ?? ""),
      );
      problem(response, 422, "not_json", `The body is not JSON: ${messageOf(error)}`, { field: "(body)" });
    } else if (status !== undefined && status >= 400 && status < 500) {
      problem(response, status, type ?? "bad_request", messageOf(error));
    } else {
      parts.log("alerts could not be stored", { source, path: request.path, error: messageOf(error) });
      response.set("retry-after", "5");
      problem(response, 503, "not_stored", "The alerts could not be stored; send them again.");
    }
  }
}

/** How many records a body holds, seen from outside: nothing of them is looked at. */
function recordCount(body: unknown): number {
  if (Array.isArray(body)) return body.length;
  if (typeof body !== "object" || body === null) return 1;
  const lists = LISTS.map((name) => (body as Record<string, unknown>)[name]);
  return Math.max(1, ...lists.map((list) => (Array.isArray(list) ? list.length : 1)));
}

/** RFC 9457 problem details. */
function problem(
  response: Response,
  status: number,
  code: string,
  detail: string,
  more: Record<string, unknown> = {},
): void {
  response
    .status(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: `urn:tocsin:${code}`, title: code, status, detail, ...more }));
}
