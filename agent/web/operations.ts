import express, { type ErrorRequestHandler, type Express } from "express";
import { openApi } from "./open-api.ts";

/** What keeps the daemon from serving; empty when it is ready. */
export type Causes = () => string[];

/** Builds the operations listener: metrics, liveness, readiness and what the interfaces are; nothing of an incident is told here. */
export function operationsApp(parts: {
  metrics: () => Promise<{ text: string; type: string }>;
  causes: Causes;
  /** What stands still although the process lives; empty when alerts are taken in and worked on. */
  stalled: () => Promise<string[]>;
}): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", false);
  app.use((_request, response, next) => {
    response.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
    next();
  });
  app.get("/healthz", (_request, response) => void response.json({ status: "ok" }));
  app.get("/readyz", (_request, response) => {
    const causes = parts.causes();
    response
      .status(causes.length === 0 ? 200 : 503)
      .json({ status: causes.length === 0 ? "ready" : "not_ready", causes });
  });
  app.get("/alive", async (_request, response) => {
    const causes = await parts.stalled();
    response
      .status(causes.length === 0 ? 200 : 503)
      .json({ status: causes.length === 0 ? "alive" : "stalled", causes });
  });
  app.get("/metrics", async (_request, response) => {
    const { text, type } = await parts.metrics();
    response.type(type).send(text);
  });
  app.get("/openapi.json", (_request, response) => void response.json(openApi()));
  app.use((_request, response) => void response.status(404).json({ status: "not_found" }));
  // Without it express shows where the error was thrown.
  const failed: ErrorRequestHandler = (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const given = (error as { status?: unknown } | null)?.status;
    const status = typeof given === "number" && given >= 400 && given < 500 ? given : 500;
    response.status(status).json({ status: status === 500 ? "failed" : "bad_request" });
  };
  app.use(failed);
  return app;
}
