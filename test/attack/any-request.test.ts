import { type IncomingHttpHeaders, request } from "node:http";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openApi } from "../../agent/web/open-api.ts";
import { arbitraryOf } from "../support/arbitrary-of-schema.ts";
import { type Daemon, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import { BOUNDED, fc } from "../support/property.ts";

interface Operation {
  method: string;
  path: string;
  server: string;
  body: object | undefined;
  responses: Readonly<Record<string, { content?: Readonly<Record<string, object>> }>>;
}

interface Sent {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: Buffer;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const document = openApi();
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
ajv.addSchema(document, "document");

const METHODS = ["get", "post", "put", "patch", "delete", "options", "head"];
const OPERATIONS: Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item as Record<string, unknown>).flatMap(([method, given]) => {
    if (!METHODS.includes(method)) return [];
    const { requestBody, responses } = given as {
      requestBody?: { content: Record<string, { schema?: object }> };
      responses: Operation["responses"];
    };
    const server = (item as { servers: { url: string }[] }).servers[0]?.url ?? "";
    return [{ method, path, server, body: requestBody?.content["application/json"]?.schema, responses }];
  }),
);

/** Spelled in a path, a header or a body where something else is expected. */
const ODD = fc.oneof(
  fc.constantFrom(
    "..",
    "../../etc/passwd",
    "%2e%2e%2f",
    "%00",
    "%",
    "%zz",
    "%c0%af",
    ";a=b",
    "__proto__",
    " ",
  ),
  fc.string({ unit: "binary", maxLength: 40 }).map(encodeURIComponent),
  fc.integer({ min: 1000, max: 5000 }).map((length) => "a".repeat(length)),
);
/** What may stand in a header: another byte is refused before it leaves. */
const HEADER = fc
  .array(
    fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f),
    { maxLength: 60 },
  )
  .map((codes) => String.fromCharCode(...codes));
const JSON_TEXT = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    "",
    "null",
    "[]",
    "{",
    '{"a":1}{"a":2}',
    '{"__proto__":{"a":1},"constructor":{}}',
    "\ufeff{}",
  ),
  fc.integer({ min: 100, max: 20_000 }).map((depth) => "[".repeat(depth)),
  fc.integer({ min: 100, max: 20_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
);
const TYPE = fc.constantFrom(
  "application/json",
  "application/x-ndjson",
  "text/plain",
  "multipart/form-data",
  "",
);

let house: House;
let daemon: Daemon;
beforeAll(async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
});
afterAll(async () => {
  await daemon.end("SIGTERM");
  house.remove();
});

/** The listener that serves what the document says is at one of the default ports. */
function listenerOf(server: string): string {
  const { people, operations, alerts } = daemon;
  const found = { 8470: people, 8471: new URL(alerts).origin, 8472: operations }[new URL(server).port];
  if (found === undefined) throw new Error(`no listener is ${server}`);
  return found;
}

function send(server: string, { path, method, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(listenerOf(server));
    const asked = request(
      { hostname, port, path, method, headers: { ...headers, connection: "close" } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
        response.on("error", reject);
      },
    );
    asked.setTimeout(10_000, () => asked.destroy(new Error("no answer within 10 s")));
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Requests of an operation: some as the document has them, most with something else somewhere. */
function requestsOf(operation: Operation): fc.Arbitrary<Sent> {
  const segment = (name: string) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(name === "facility" ? FACILITY : "generic") },
      { weight: 1, arbitrary: ODD.filter((text) => !/^\.{0,2}$|^ +$/.test(text)) },
    );
  const path = fc
    .tuple(
      ...operation.path
        .split("/")
        .map((part) => (part.startsWith("{") ? segment(part.slice(1, -1)) : fc.constant(part))),
    )
    .map((parts) => parts.join("/").replaceAll(" ", "%20"));
  const token = `Bearer ${house.tokens.generic}`;
  const access = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ authorization: token }) },
    { weight: 1, arbitrary: HEADER.map((authorization) => ({ authorization })) },
    { weight: 1, arbitrary: fc.constant({}) },
  );
  const text = fc.oneof(
    ...(operation.body === undefined
      ? [JSON_TEXT]
      : [JSON_TEXT, arbitraryOf(operation.body, document).map((value) => JSON.stringify(value))]),
  );
  const body = fc.oneof(
    { weight: 5, arbitrary: text.map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) },
  );
  const more = fc.dictionary(
    fc.constantFrom(
      "content-type",
      "content-encoding",
      "expect",
      "x-forwarded-for",
      "host",
      "tocsin-tool",
      "range",
      "accept",
      "x-request-id",
      "traceparent",
    ),
    HEADER,
    { maxKeys: 2 },
  );
  return fc
    .record({
      path,
      access,
      body,
      type: TYPE,
      zipped: fc.integer({ min: 0, max: 3 }).map((each) => each === 0),
      signed: fc.boolean(),
      more,
    })
    .map((given) => {
      const reading = operation.method === "get";
      const content = given.zipped ? gzipSync(given.body) : given.body;
      const at = new Date();
      const id = `msg-${at.getTime()}-${Math.random()}`;
      const signature = given.signed
        ? {
            "tocsin-tool": "soc",
            "webhook-id": id,
            "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
            "webhook-signature": new Webhook(house.toolSecret).sign(id, at, given.body.toString()),
          }
        : {};
      // An expectation that is not met is answered, and the body never asked for: that is the library's.
      const { expect: _, ...headers } = {
        "content-type": given.type,
        ...(given.zipped ? { "content-encoding": "gzip" } : {}),
        ...signature,
        ...given.access,
        ...given.more,
      } as Record<string, string>;
      return {
        path: given.path,
        method: operation.method.toUpperCase(),
        headers,
        body: reading ? Buffer.alloc(0) : content,
      };
    });
}

/** What is wrong with an answer, by the document; undefined when nothing is. */
function wrongWith({ responses }: Operation, { status, headers, body }: Answer): string | undefined {
  const described = responses[status];
  if (described === undefined) return `${status} is not described: ${body.slice(0, 300)}`;
  if (described.content === undefined)
    return body === "" ? undefined : `a body where none is described: ${body}`;
  const type = headers["content-type"]?.split(";")[0] ?? "";
  const content = described.content[type] as { schema?: object } | undefined;
  if (content === undefined) return `${status} is ${type}, which is not described`;
  if (type.endsWith("json") && content.schema !== undefined) {
    const holds = ajv.compile({
      $id: `document-${status}`,
      ...(JSON.parse(JSON.stringify(content.schema).replaceAll('"#/', '"document#/')) as object),
    });
    ajv.removeSchema(`document-${status}`);
    if (!holds(JSON.parse(body))) return `${status} is ${body}: ${ajv.errorsText(holds.errors)}`;
  }
  return undefined;
}

describe("any request", () => {
  it("is of every operation of the document", () => {
    expect(OPERATIONS.length).toBeGreaterThan(10);
    expect(new Set(OPERATIONS.map(({ server }) => server)).size).toBe(3);
  });

  it.each(OPERATIONS)("$method $path is answered as the document says", async (operation) => {
    await fc.assert(
      fc.asyncProperty(requestsOf(operation), async (sent) => {
        const answer = await send(operation.server, sent);
        expect(wrongWith(operation, answer)).toBeUndefined();
      }),
      { ...BOUNDED, numRuns: (operation.method === "get" ? 20 : 300) * EFFORT },
    );
  });

  it("has left the daemon ready, in the process that it was", async () => {
    expect((await fetch(`${daemon.operations}/readyz`)).status).toBe(200);
    expect(daemon.process.exitCode).toBeNull();
    expect(daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});
