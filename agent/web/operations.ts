import express, { type Express } from "express";

/** What keeps the daemon from serving; empty when it is ready. */
export type Causes = () => string[];

/** Builds the operations listener: metrics, liveness and readiness; nothing of an incident is told here. */
export function operationsApp(parts: {
  metrics: () => Promise<{ text: string; type: string }>;
  causes: Causes;
}): Express {
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", false);
  app.get("/healthz", (_request, response) => void response.json({ status: "ok" }));
  app.get("/readyz", (_request, response) => {
    const causes = parts.causes();
    response
      .status(causes.length === 0 ? 200 : 503)
      .json({ status: causes.length === 0 ? "ready" : "not_ready", causes });
  });
  app.get("/metrics", async (_request, response) => {
    const { text, type } = await parts.metrics();
    response.type(type).send(text);
  });
  return app;
}
