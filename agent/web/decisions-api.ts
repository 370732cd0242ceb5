import { timingSafeEqual } from "node:crypto";
import express, { type Request, type Response, Router } from "express";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { declarationKey } from "../core/declaration.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { calledName, mayAct, type SecondFactor } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";
import { checkText } from "../stages/decide/check-text.ts";
import { standingText } from "../stages/decide/standing-text.ts";
import type { Desk, Dossier } from "../stages/desk/desk.ts";
import type { Refused, Stale } from "../stages/person-act.ts";
import type { Store } from "../store/store.ts";
import type { Attempts } from "./attempts.ts";
import { spendCode } from "./one-time-code.ts";
import { isOwnStatement, statementText } from "./own-key.ts";
import type { WebLog } from "./web-log.ts";

const TOLERANCE = 5 * MICROSECONDS.minute;
const BODY_LIMIT = "64kb";

/** What a tool posts to bring the decision of a person. */
export const DecisionBody = z
  .strictObject({
    declaration: z.string().min(1).max(200),
    version: z.int().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits"),
    /** `confirm_set_aside`: the second person's, where a criterion is met. */
    decision: z.enum(["approved", "set_aside", "confirm_set_aside"]),
    delegate: z.string().min(1).max(200),
    /** What proves the person: a one-time code, or their own key over what they decide. */
    code: z
      .string()
      .regex(/^\d{6}$/, "6 digits")
      .optional(),
    own_key: z
      .strictObject({
        key: z.string().regex(/^[0-9a-f]{16}$/, "16 lower-case hexadecimal digits"),
        signed_at: z.int().min(0),
        signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, "64 bytes in base64"),
      })
      .optional(),
    reason: z.string().max(4000).optional(),
  })
  .refine((body) => (body.code === undefined) !== (body.own_key === undefined), {
    path: ["code"],
    error: "give `code`, or `own_key`, and not both",
  })
  .refine((body) => body.decision !== "set_aside" || (body.reason ?? "").trim().length >= 10, {
    path: ["reason"],
    error: "setting aside needs a reason of 10 characters at least",
  });
type DecisionBody = z.infer<typeof DecisionBody>;

/** What became of a message, kept as the position of a cursor: 0 unheard, 1 heard and not finished. */
const OUTCOMES = [
  "unheard",
  "unfinished",
  "approved",
  "set_aside",
  "stale",
  "forbidden",
  "not_found",
  "refused",
  "second_awaited",
] as const;
type Outcome = (typeof OUTCOMES)[number];

interface Answer {
  status: number;
  outcome: Outcome;
  title: string;
  extra?: object;
}

/**
 * Hears decisions that registered tools sign (Standard Webhooks) on `POST /api/v1/decisions`.
 *
 * The signature proves the tool, the one-time code or the own key the person; each message is heard once. Errors are RFC 9457.
 */
export function decisionsApi(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  tools: ReadonlyMap<string, { secret: string }>;
  attempts: Attempts;
  log: WebLog;
}): Router {
  const { desk, store, clock, attempts, log } = parts;
  const facility = desk.facility.id;
  const tools = new Map([...parts.tools].map(([id, { secret }]) => [id, signer(id, secret)]));
  unshared(parts.tools);
  const router = Router();

  /** What proves the person, used up; undefined when nothing does. Without an account it works as long. */
  const proven = async (
    { own_key: own, ...body }: DecisionBody,
    account: string | undefined,
  ): Promise<SecondFactor | undefined> => {
    const at = clock.now();
    if (own === undefined) {
      const spent = await spendCode(store, { facility, account, code: body.code ?? "", at });
      return spent === "spent" ? "totp" : undefined;
    }
    const { factors } = await store.reads.factors(facility, account ?? "");
    const { reason = "" } = body;
    const statement = { ...body, facility, reason, signedAt: own.signed_at };
    const keys = factors.ownKeys ?? [];
    if (!isOwnStatement(statement, own, { keys, clock }) || account === undefined) return undefined;
    // Heard once: the text may wait for a decision again within the tolerance.
    const name = `own-key:${account}:${sha256Hex(statementText(statement))}`;
    const heard = await store.commit({
      facility,
      at,
      writes: [{ write: "cursor", name, from: 0, to: 1 }],
    });
    return heard.outcome === "committed" ? "own_key" : undefined;
  };

  /** Takes the decision once the message is known to be a tool's and new. */
  const decide = async (tool: string, body: DecisionBody): Promise<Answer> => {
    const key = { id: body.declaration, version: body.version };
    // Another version may stand by now: the first one always names the incident.
    const stored =
      (await store.reads.record(facility, "declaration", declarationKey(key))) ??
      (await store.reads.record(facility, "declaration", declarationKey({ ...key, version: 1 })));
    const dossier = stored && (await desk.dossier(stored.content.incident));
    if (dossier === undefined) return { status: 404, outcome: "not_found", title: "No such declaration" };
    const text = {
      incident: dossier.incident.id,
      declaration: body.declaration,
      version: body.version,
      sha256: body.sha256,
    };
    const wrong = checkText(dossier, text);
    if (wrong !== undefined) return undecided(wrong, dossier);

    const keys = [{ width: "narrow", key: `decision ${tool} ${body.delegate.toLowerCase()}` }] as const;
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "wait") {
      const extra = { retry_after_seconds: allowed.seconds };
      return { status: 429, outcome: "refused", title: "Too many wrong codes through this tool", extra };
    }
    const account = (await store.reads.accountByLogin(facility, body.delegate.toLowerCase()))?.content;
    const delegate =
      account !== undefined && mayAct(account, "decide", clock.now())
        ? { ...account, name: calledName(account) }
        : undefined;
    const factor = await proven(body, delegate?.id);
    const forbidden: Answer = {
      status: 403,
      outcome: "forbidden",
      title: "The person, the one-time code or the signature was refused",
    };
    if (delegate === undefined || factor === undefined) return forbidden;
    await attempts.succeeded(keys);

    const proof = { channel: "webhook", tool, second_factor: factor } as const;
    const result =
      body.decision === "approved"
        ? await desk.approve(text, proof, delegate)
        : body.decision === "set_aside"
          ? await desk.setAside(text, (body.reason ?? "").trim(), proof, delegate)
          : await desk.confirmSetAside(text, proof, delegate);
    if (result.outcome === "refused" && result.code === "not_allowed") return forbidden;
    if (result.outcome === "stale" || result.outcome === "refused") return undecided(result, dossier);
    if (result.outcome === "second_awaited")
      return { status: 202, outcome: "second_awaited", title: "A second person has to confirm" };
    return { status: 200, outcome: result.outcome, title: "Decided" };
  };

  const hear = async (request: Request<{ facility?: string }>, response: Response): Promise<void> => {
    const problem = (status: number, title: string, extra: object = {}) =>
      void response
        .status(status)
        .type("application/problem+json")
        .send(JSON.stringify({ type: "about:blank", title, status, ...extra }));
    if (request.params.facility !== undefined && request.params.facility !== facility) {
      return problem(404, "No such facility here");
    }
    const bytes: unknown = request.body;
    const raw = bytes instanceof Uint8Array ? bytes : new Uint8Array();
    const signed = verified(tools, request.headers, raw, clock.now());
    if (signed === undefined) {
      log.warn("unsigned decision refused", { address: request.ip });
      return problem(401, "Unknown tool, wrong signature or timestamp out of tolerance");
    }
    const read = DecisionBody.safeParse(jsonOf(raw));
    if (!read.success) {
      const errors = read.error.issues.map((issue) => ({
        field:
          [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys : [])].join(".") || "(body)",
        message: issue.message,
      }));
      return problem(422, "The body does not fit", { field: errors[0]?.field, errors });
    }

    const name = `webhook:${signed.tool}:${sha256Hex(signed.id)}`;
    const settle = (from: number, to: number) =>
      store.commit({ facility, at: clock.now(), writes: [{ write: "cursor", name, from, to }] });
    // Intent before the act: the same message heard twice at once decides once.
    if ((await settle(0, 1)).outcome === "conflict") {
      const outcome = OUTCOMES[await store.reads.cursor(facility, name)] ?? "unfinished";
      return problem(409, "This message was already heard", { code: "replayed", outcome });
    }
    const answer = await decide(signed.tool, read.data);
    await settle(1, OUTCOMES.indexOf(answer.outcome));
    log.info("decision heard", { tool: signed.tool, outcome: answer.outcome });
    if (answer.status < 300) return void response.status(answer.status).json({ outcome: answer.outcome });
    problem(answer.status, answer.title, answer.extra);
  };

  const body = express.raw({ type: () => true, limit: BODY_LIMIT, inflate: false });
  const problems: express.ErrorRequestHandler = (error, _request, response, _next) => {
    const status = error?.status === 413 ? 413 : error?.status === 415 || error?.status === 400 ? 400 : 500;
    if (status === 500) log.warn("decision failed", { error: messageOf(error) });
    const title =
      status === 413
        ? "The body is over 64 kB"
        : status === 400
          ? "The body cannot be read"
          : "The decision may not be recorded";
    response
      .status(status)
      .type("application/problem+json")
      .send(JSON.stringify({ type: "about:blank", title, status }));
  };
  router.post(["/api/v1/decisions", "/api/v1/facilities/:facility/decisions"], body, hear);
  router.use("/api", (request: Request, response: Response) => {
    const known = /^\/v1\/(facilities\/[^/]+\/)?decisions$/.test(request.path);
    const [status, title] = known ? [405, "Only POST"] : [404, "No such resource"];
    if (known) response.setHeader("Allow", "POST");
    response
      .status(status as number)
      .type("application/problem+json")
      .send(JSON.stringify({ type: "about:blank", title, status }));
  });
  router.use("/api", problems);
  return router;
}

/** Why a decision was not taken, with what stands or what happened. */
function undecided(result: Stale | Refused, dossier: Dossier): Answer {
  if (result.outcome === "stale") {
    const title = "The text has changed: read it again, then decide";
    return { status: 409, outcome: "stale", title, extra: { current: result.current } };
  }
  const title =
    result.code === "already_decided" ? "This text was already decided on" : "The decision was refused";
  const extra = { code: result.code, detail: result.because, current: standingText(dossier) };
  return { status: 409, outcome: "refused", title, extra };
}

/** Throws when two tools have one secret: what one of them signs would be told as the other's. */
function unshared(tools: ReadonlyMap<string, { secret: string }>): void {
  const owners = new Map<string, string>();
  for (const [id, { secret }] of tools) {
    const key = keyOf(secret).toString("base64");
    const other = owners.get(key);
    if (other !== undefined)
      throw new TocsinError({
        code: "tool_secret_shared",
        where: `tools.${id}.secret`,
        message: `it is the secret of ${other} too`,
        remedy: REMEDY,
      });
    owners.set(key, id);
  }
}

const REMEDY = "write what `openssl rand -base64 32` gives";
/** Shortest secret of a tool, bytes (Standard Webhooks: between 24 and 64). */
const SECRET_BYTES = 24;
const keyOf = (secret: string) => Buffer.from(secret.replace(/^whsec_/, ""), "base64");

/** Signs as the tool does; throws at start when its secret is not base64. */
function signer(tool: string, secret: string): Webhook {
  if (keyOf(secret).length < SECRET_BYTES)
    throw new TocsinError({
      code: "tool_secret_short",
      where: `tools.${tool}.secret`,
      message: `a secret has ${SECRET_BYTES} bytes at least, in base64`,
      remedy: REMEDY,
    });
  try {
    return new Webhook(secret);
  } catch (cause) {
    throw new TocsinError(
      {
        code: "tool_secret_not_base64",
        where: `tools.${tool}.secret`,
        message: "the secret is not base64",
        remedy: REMEDY,
      },
      { cause },
    );
  }
}

/** The tool whose signature holds, with the message's id; every way to fail is one. */
function verified(
  tools: ReadonlyMap<string, Webhook>,
  headers: Request["headers"],
  raw: Uint8Array,
  now: Instant,
): { tool: string; id: string } | undefined {
  const one = (name: string) => (typeof headers[name] === "string" ? headers[name] : "");
  const [id, timestamp, signatures, named] = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "tocsin-tool",
  ].map(one);
  if (!id || id.length > 256 || !timestamp || !/^\d{1,12}$/.test(timestamp) || !signatures) return undefined;
  const sent = Number(timestamp) * MICROSECONDS.second;
  if (Math.abs(now - sent) > TOLERANCE) return undefined;
  const payload = textOf(raw);
  if (payload === undefined) return undefined;
  const given = signatures
    .split(" ")
    .slice(0, 10)
    .map((each) => Buffer.from(each));
  for (const [tool, webhook] of tools) {
    if (named && named !== tool) continue;
    // Not the library's own `verify`: it reads the machine's clock instead of ours.
    const expected = Buffer.from(webhook.sign(id, new Date(sent / 1000), payload));
    if (given.some((each) => each.length === expected.length && timingSafeEqual(each, expected)))
      return { tool, id };
  }
  return undefined;
}

function textOf(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    return undefined;
  }
}

function jsonOf(raw: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(raw) ?? "");
  } catch {
    return undefined;
  }
}
