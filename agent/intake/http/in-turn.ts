import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { networkOf } from "../fair-share.ts";
import type { IntakeMetrics } from "../metrics.ts";
import type { Turns } from "../turns.ts";
import { bodyBudget } from "./body-budget.ts";
import { OVERLOADED, RETRY_AFTER_SECONDS } from "./read-body.ts";

/** Requests that may wait for their turn, and those of one network among them. */
const WAITING = 4096;
const WAITING_EACH = 2048;
/** What a request counts as among those that wait, bytes. */
const BYTES = 1024;

const { status, code, message: detail } = OVERLOADED;
const TOLD = JSON.stringify({ type: `urn:tocsin:${code}`, title: code, status, detail });

/**
 * Serves requests in the turns of those that send them, so that no flood of one keeps others and other ways in waiting;
 * what is too many to wait is told at once to come again, before anything is done for it.
 */
export function inTurn(
  app: RequestListener,
  { turns, metrics }: { turns: Turns; metrics: Pick<IntakeMetrics, "refused"> },
): RequestListener {
  const places = bodyBudget(WAITING, WAITING_EACH);
  return (request, response) => {
    const group = networkOf(request.socket.remoteAddress ?? "");
    const place = places.lease(group);
    if (!place.take(1)) return tellToWait(request, response, metrics);
    turns.take(group, BYTES, () => {
      place.release();
      // Who has left in the meantime asks for nothing any more.
      if (!response.destroyed) app(request, response);
    });
  };
}

function tellToWait(
  request: IncomingMessage,
  response: ServerResponse,
  metrics: Pick<IntakeMetrics, "refused">,
): void {
  // Whose it would be is not known yet, only who claims it.
  metrics.refused.inc({ source: "", code });
  request.resume();
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(TOLD),
    "retry-after": RETRY_AFTER_SECONDS,
  });
  response.end(TOLD);
}
