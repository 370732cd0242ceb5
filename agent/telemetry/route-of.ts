import type { IncomingMessage } from "node:http";

/** The pattern of the path that answers a request, which Express writes once it is found. */
export function routeOf(request: IncomingMessage): string | undefined {
  const { path } = (request as { route?: { path?: unknown } }).route ?? {};
  return path === undefined ? undefined : String(path);
}
