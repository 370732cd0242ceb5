import type { Alert } from "../../../agent/core/alert.ts";
import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { type Draft, finish } from "../draft.ts";
import { readHeader } from "./read-header.ts";
import { writeHeader } from "./write-header.ts";

/**
 * Puts what precedes a record of another format around it, a syslog header mostly, then its time and its host.
 *
 * The concerned host is the reporting device's name, else the syslog host, else the device's address, else the
 * target, else the source: an endpoint product reports itself, a collector only relays.
 */
export function withHeader(
  draft: Draft,
  before: string,
  told: Instant | undefined,
  context: ParseContext,
): Alert {
  const { alert } = draft;
  let instant = told;
  const observer = alert.observer ?? {};
  if (observer.hostname !== undefined) putHost(alert, observer.hostname, observer.ip?.[0]);
  if (before !== "") {
    const header = readHeader(before, context);
    instant ??= header.instant;
    writeHeader(draft, header, { ...context, peer: undefined });
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "syslog", rule: `${header.form} header` }, alert);
  }
  const host = observer.ip?.[0] ?? alert.destination?.domain ?? alert.source?.domain;
  if (alert.host?.name === undefined && host !== undefined) putHost(alert, host, observer.ip?.[0]);
  return finish(draft, instant, context);
}

function putHost(alert: Alert, name: string, ip: string | undefined): void {
  alert.host ??= {};
  alert.host.name = name;
  if (name !== ip) alert.host.hostname = name;
  if (ip !== undefined) alert.host.ip = [ip];
}
