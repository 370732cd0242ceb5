import { hostname } from "node:os";
import type { SpanProcessor } from "@opentelemetry/sdk-trace";
import type { LoadedConfig } from "../../config/load.ts";
import type { Log } from "./log.ts";
import { seldom } from "./seldom.ts";
import { type Spans, traceBy } from "./span.ts";

/** How long a collector may take to answer, ms: within what a stop has. */
const PATIENCE = 3_000;
/** How often what has ended is sent, ms. */
const EVERY = 2_000;
/** Longest text of a span, characters. */
const LONGEST = 200;

/**
 * Sends what is traced to the collector that is configured, and ends with what was not sent yet given `PATIENCE`.
 * What a collector does not take is dropped and said in the log: nothing waits for it.
 */
export async function openTraces(
  { config: { traces, facility, mode }, secrets }: Pick<LoadedConfig, "config" | "secrets">,
  { role, version, log }: { role: string; version: string; log: Pick<Log, "warn"> },
): Promise<{ stop(): Promise<void> }> {
  if (traces === undefined) return { stop: async () => undefined };
  // Read on first use: a start without traces does not wait for them.
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }, { AsyncLocalStorageContextManager }] =
    await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/context-async-hooks"),
    ]);
  const warn = seldom(log);
  const silent = () => undefined;
  const untaken = (message: string) => warn("traces not sent", { because: message.slice(0, LONGEST) });
  api.diag.setLogger(
    { error: untaken, warn: untaken, info: silent, debug: silent, verbose: silent },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const token = secrets.get("traces.token")?.reveal();
  const exporter = new OTLPTraceExporter({
    url: traces.url,
    timeoutMillis: PATIENCE,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const contexts = new AsyncLocalStorageContextManager().enable();
  api.context.setGlobalContextManager(contexts);
  const sending = new sdk.BatchSpanProcessor({
    exporter,
    exportTimeoutMillis: PATIENCE,
    scheduledDelayMillis: EVERY,
  });
  const dropped = new WeakSet<object>();
  const processor: SpanProcessor = {
    onStart: (span, context) => sending.onStart(span, context),
    onEnd: (span) => dropped.has(span) || sending.onEnd(span),
    forceFlush: () => sending.forceFlush(),
    shutdown: () => sending.shutdown(),
  };
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      "service.name": "tocsin",
      "service.version": version,
      "service.instance.id": `${hostname()}:${process.pid}`,
      "tocsin.facility": facility.id,
      "tocsin.mode": mode,
      "tocsin.role": role,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(traces.ratio) }),
    spanLimits: { attributeValueLengthLimit: LONGEST },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("tocsin", version);
  const kinds = {
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    internal: api.SpanKind.INTERNAL,
  };
  const fail = { code: api.SpanStatusCode.ERROR };
  const spans: Spans = (name, kind, work) =>
    tracer.startActiveSpan(name, { kind: kinds[kind] }, async (span) => {
      try {
        return await work({
          rename: (other) => void span.updateName(other),
          set: (attributes) => void span.setAttributes(attributes),
          drop: () => void dropped.add(span),
          fail: () => void span.setStatus(fail),
        });
      } catch (error) {
        span.setStatus(fail);
        throw error;
      } finally {
        span.end();
      }
    });
  traceBy(spans);
  return {
    async stop() {
      traceBy();
      await provider.shutdown().catch(() => undefined);
      api.context.disable();
      api.diag.disable();
    },
  };
}
