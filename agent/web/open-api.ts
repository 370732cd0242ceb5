import { z } from "zod";
import { IntakeAnswer } from "../core/intake-answer.ts";
import { DecisionBody } from "./decisions-api.ts";

/** RFC 9457 problem details, with what a listener adds. */
const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().optional(),
});
const DecisionAnswer = z.object({ outcome: z.enum(["approved", "set_aside", "second_awaited"]) });
const Live = z.object({ status: z.literal("ok") });
const Readiness = z.object({
  status: z.enum(["ready", "not_ready"]),
  /** What keeps the daemon from serving. */
  causes: z.array(z.string()),
});

const Progress = z.object({
  status: z.enum(["alive", "stalled"]),
  /** What stands still, or keeps the daemon from serving. */
  causes: z.array(z.string()),
});

const SCHEMAS = { IntakeAnswer, DecisionBody, DecisionAnswer, Problem, Live, Readiness, Progress };

const UNREADABLE = "The path, or what the body is compressed by, cannot be undone.";

const PEOPLE = "http://127.0.0.1:8470";
const INTAKE = "http://127.0.0.1:8471";
const OPERATIONS = "http://127.0.0.1:8472";

/** The HTTP interfaces as an OpenAPI 3.1 document, its schemas those that the program itself reads and writes. */
export function openApi() {
  const source = {
    name: "source",
    in: "path",
    required: true,
    description:
      "Id of the source in the configuration; with its token, the name of its connector serves too.",
    schema: { type: "string" },
  };
  const facility = {
    name: "facility",
    in: "path",
    required: true,
    description: "Id of the facility.",
    schema: { type: "string" },
  };
  const header = (name: string, description: string, required = true) => ({
    name,
    in: "header",
    required,
    description,
    schema: { type: "string" },
  });
  const alerts = {
    summary: "Alerts of a source",
    description: "Answered once every record is decided: stored durably, or found to matter to no rule.",
    security: [{ token: [] }, { basic: [] }, { signature: [] }, { certificate: [] }],
    requestBody: {
      required: true,
      description: "One JSON value, NDJSON or lines of text, as the connector of the source reads them.",
      content: { "application/json": {}, "application/x-ndjson": {}, "text/plain": {} },
    },
    responses: {
      202: json("At least one record was taken, or none was refused.", "IntakeAnswer"),
      422: {
        description: "The body does not fit (a problem), or every record was rejected (an answer).",
        content: {
          "application/problem+json": { schema: ref("Problem") },
          "application/json": { schema: ref("IntakeAnswer") },
        },
      },
      ...problems({
        400: UNREADABLE,
        401: "No source has this token, or the signature does not hold.",
        403: "The client certificate is missing, or is not of one that may post.",
        404: "It is the token of another source, or no such facility is here.",
        413: "The body is over `limits.body_bytes`.",
        415: "The body is written in a way that is not read.",
        503: "Not stored, or overloaded: send again after `Retry-After`.",
      }),
    },
  };
  const heartbeats = {
    summary: "A source lives, though it has nothing to tell",
    security: alerts.security,
    responses: {
      204: { description: "Heard." },
      ...problems({
        400: UNREADABLE,
        401: "No source has this token.",
        403: "The client certificate is refused.",
        404: "It is the token of another source, or no such facility is here.",
        413: "The body, which a heartbeat does not need, is over 64 kB.",
      }),
    },
  };
  const decisions = {
    summary: "The decision of a person, brought by a registered tool",
    description:
      "Signed by the tool (Standard Webhooks); a one-time code or the person's own key proves the person. Each `webhook-id` is heard once.",
    parameters: [
      header("webhook-id", "A new one for each try."),
      header("webhook-timestamp", "Seconds since 1970, within five minutes of the daemon's clock."),
      header("webhook-signature", "`v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}`, base64."),
      header("tocsin-tool", "Id of the tool; without it every tool's key is tried.", false),
    ],
    requestBody: { required: true, content: { "application/json": { schema: ref("DecisionBody") } } },
    responses: {
      200: json("Decided.", "DecisionAnswer"),
      202: json("Another person has to confirm.", "DecisionAnswer"),
      ...problems({
        400: UNREADABLE,
        401: "Unknown tool, wrong signature, or timestamp out of tolerance.",
        403: "The person, the one-time code or the signature was refused.",
        404: "No such declaration, or no such facility here.",
        409: "The text has changed, was decided on, or the message was already heard.",
        413: "The body is over 64 kB.",
        422: "The body does not fit.",
        429: "Too many wrong codes through this tool.",
      }),
    },
  };
  const twice = (path: string, server: string, own: readonly object[], post: object) => ({
    [`/api/v1/${path}`]: { servers: [{ url: server }], parameters: own, post },
    [`/api/v1/facilities/{facility}/${path}`]: {
      servers: [{ url: server }],
      parameters: [facility, ...own],
      post,
    },
  });
  const got = (path: string, summary: string, responses: object) => ({
    [path]: { servers: [{ url: OPERATIONS }], get: { summary, security: [], responses } },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "Tocsin",
      version: "1",
      summary: "Alerts in, decisions of people, and the state of the daemon.",
      license: { name: "EUPL-1.2", identifier: "EUPL-1.2" },
    },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    servers: [{ url: PEOPLE }],
    paths: {
      ...twice("alerts/{source}", INTAKE, [source], alerts),
      ...twice("heartbeats/{source}", INTAKE, [source], heartbeats),
      ...twice("decisions", PEOPLE, [], { ...decisions, security: [] }),
      ...got("/healthz", "The process lives", { 200: json("It does.", "Live") }),
      ...got("/readyz", "The daemon serves", {
        200: json("It does.", "Readiness"),
        503: json("It does not, and why.", "Readiness"),
      }),
      ...got("/alive", "Alerts are taken in and worked on", {
        200: json("They are: the pipeline went through within the last minute.", "Progress"),
        503: json("They are not, and why.", "Progress"),
      }),
      ...got("/metrics", "Counters", {
        200: { description: "Prometheus text.", content: { "text/plain": { schema: { type: "string" } } } },
      }),
      ...got("/openapi.json", "This document", {
        200: { description: "OpenAPI 3.1.", content: { "application/json": {} } },
      }),
    },
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic", description: "The token as the password." },
        signature: {
          type: "apiKey",
          in: "header",
          name: "webhook-signature",
          description: "An HMAC of the body; the header is that of the scheme that the source configures.",
        },
        certificate: { type: "mutualTLS" },
      },
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => {
          const { $schema: _, ...rest } = z.toJSONSchema(schema);
          return [name, rest];
        }),
      ),
    },
  };
}

function ref(name: keyof typeof SCHEMAS) {
  return { $ref: `#/components/schemas/${name}` };
}

function json(description: string, schema: keyof typeof SCHEMAS) {
  return { description, content: { "application/json": { schema: ref(schema) } } };
}

function problems(described: Readonly<Record<number, string>>) {
  return Object.fromEntries(
    Object.entries(described).map(([status, description]) => [
      status,
      { description, content: { "application/problem+json": { schema: ref("Problem") } } },
    ]),
  );
}
