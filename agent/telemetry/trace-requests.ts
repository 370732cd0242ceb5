import type { RequestListener } from "node:http";
import { routeOf } from "./route-of.ts";
import { within } from "./span.ts";

/** Traces the requests of pages: by the pattern of their path (OpenTelemetry's conventions for HTTP servers). */
export function traceRequests(app: RequestListener): RequestListener {
  return (request, response) => {
    const { method = "" } = request;
    void within(method, "server", (span) => {
      const ended = new Promise<void>((resolve) => response.once("close", resolve));
      app(request, response);
      return ended.then(() => {
        const route = routeOf(request);
        if (route !== undefined) span.rename(`${method} ${route}`);
        span.set({
          "http.request.method": method,
          "http.response.status_code": response.statusCode,
          ...(route === undefined ? {} : { "http.route": route }),
        });
        if (response.statusCode >= 500 || !response.writableFinished) span.fail();
      });
    });
  };
}
