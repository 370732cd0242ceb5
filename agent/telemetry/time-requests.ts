import type { RequestListener } from "node:http";
import { Histogram, type Registry } from "./prometheus.ts";
import { routeOf } from "./route-of.ts";

/** Times the requests of pages: by the pattern of their path, never by the path itself, which names dossiers. */
export function timeRequests(app: RequestListener, registry: Registry): RequestListener {
  const seconds = new Histogram({
    name: "tocsin_http_request_duration_seconds",
    help: "Time to answer a request of the pages, by pattern of path and class of status",
    labelNames: ["route", "status"],
    buckets: [0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  return (request, response) => {
    const end = seconds.startTimer();
    response.once("close", () => {
      const route = routeOf(request) ?? "other";
      const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : "aborted";
      end({ route, status });
    });
    app(request, response);
  };
}
