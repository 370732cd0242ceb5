import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Clock } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { type HttpServer, listenHttp } from "../../agent/http-server.ts";
import { alertsApp } from "../../agent/intake/http.ts";
import { type IntakeMetrics, intakeMetrics } from "../../agent/intake/metrics.ts";
import type { HttpSource } from "../../agent/intake/sources.ts";
import { openTaker, type Taker } from "../../agent/intake/taker.ts";
import { DEFAULT_RULES } from "../../agent/setup.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import type { QuarantineEntry, Store } from "../../agent/store/store.ts";
import { SIGNATURE_SCHEMES } from "../../config/signature.ts";
import type { Inbound } from "../../connectors/contract.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { steppingClock } from "./store-samples.ts";

const RULES = compileRules(loadRules([DEFAULT_RULES]).rules);
export const PUSH_FACILITY = "ch-x";
export const PUSH_BYTES = 256 * 1024;
/** The key of the source `signed`, as Standard Webhooks writes it. */
export const PUSH_SECRET = Buffer.from("the secret of the webhook").toString("base64");

/** A source whose token, when it has one, is its id. */
function source(id: string, name = id, over: Partial<HttpSource> = {}): HttpSource {
  const connector = inboundNamed(name) as Inbound;
  return { id, connector, zone: "UTC", tokenDigest: createHash("sha256").update(id).digest(), ...over };
}
export const PUSH_SOURCES: readonly HttpSource[] = [
  source("generic"),
  source("second", "generic"),
  source("alertmanager"),
  source("lines", "syslog"),
  source("anything", "auto"),
  source("signed", "generic", {
    tokenDigest: undefined,
    signature: { scheme: SIGNATURE_SCHEMES["standard-webhooks"], key: Buffer.from(PUSH_SECRET, "base64") },
  }),
  source("both", "generic", {
    signature: { scheme: SIGNATURE_SCHEMES.github, key: Buffer.from("a shared secret") },
  }),
  source("certified", "generic", { tokenDigest: undefined, client: { names: [], fingerprints: [] } }),
];

export interface Sent {
  name?: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  path?: string;
  method?: string;
}

/** The HTTP way in on a real socket, before a real store with the default pack; opened anew for each test. */
export interface Pushes {
  readonly port: number;
  store: Store;
  metrics: IntakeMetrics;
  /** Commits wait for it: how a slow disk looks. */
  disk: () => Promise<void>;
  /** Posts as a source does; by default as `generic`, with its token. */
  post(
    body: string | Uint8Array | undefined,
    sent?: Sent,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  ): Promise<{ status: number; headers: Headers; body: any }>;
  /** What was refused so far; nothing is taken after it. */
  refusals(): Promise<QuarantineEntry[]>;
  stored(): ReturnType<Store["reads"]["detectionsAfter"]>;
}

export function servePushes(): Pushes {
  let directory: string;
  let server: HttpServer;
  let taker: Taker;
  let clock: Clock;
  const pushes = {
    get port() {
      return Number(new URL(server.url).port);
    },
    async post(body, sent = {}) {
      const {
        name = "generic",
        token = name,
        headers,
        path = `/api/v1/alerts/${name}`,
        method = "POST",
      } = sent;
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
        ...(body === undefined ? {} : { body: body as string }),
      });
      const text = await response.text();
      const answer = text.startsWith("{") ? JSON.parse(text) : {};
      return { status: response.status, headers: response.headers, body: answer };
    },
    async refusals() {
      await taker.close();
      return pushes.store.reads.quarantine(PUSH_FACILITY, 100);
    },
    stored: () => pushes.store.reads.detectionsAfter(PUSH_FACILITY, 0, 1000),
  } as Pushes;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "tocsin-push-"));
    clock = steppingClock();
    const signingKey = makeSigningKey(join(directory, "key.pem"));
    pushes.store = openSqlite({ file: join(directory, "t.sqlite"), signingKey, clock });
    pushes.metrics = intakeMetrics();
    pushes.disk = async () => undefined;
    taker = openTaker({
      facility: PUSH_FACILITY,
      rules: RULES,
      async commit(unit) {
        await pushes.disk();
        return pushes.store.commit(unit);
      },
      clock,
      newId: uuidv7(clock),
      metrics: pushes.metrics,
      detected: () => undefined,
      failed: () => undefined,
    });
    server = await listenHttp({ address: "127.0.0.1", port: 0 }, "listeners.intake");
    server.serve(
      alertsApp({
        facility: PUSH_FACILITY,
        sources: PUSH_SOURCES,
        taker,
        bodyBytes: PUSH_BYTES,
        recordBytes: 1024,
        clock,
        metrics: pushes.metrics,
        log: () => undefined,
      }),
    );
  });
  afterEach(async () => {
    await server.close();
    await taker.close();
    await pushes.store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return pushes;
}
