import type { ParseContext } from "../../contract.ts";
import { endpointOf } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";

/** Writes what a flow carried, each way and together, and when. */
export function writeFlow(draft: Draft, value: JsonObject, context: ParseContext): void {
  const { alert, event } = draft;
  const { flow, netflow } = value;
  if (isObject(flow)) {
    const there = { bytes: count(flow.bytes_toserver), packets: count(flow.pkts_toserver) };
    const back = { bytes: count(flow.bytes_toclient), packets: count(flow.pkts_toclient) };
    const sum = { bytes: plus(there.bytes, back.bytes), packets: plus(there.packets, back.packets) };
    // A reply's source is the server: the flow's ends stand the other way round.
    const turned =
      flow.src_ip !== undefined && flow.src_ip === value.dest_ip && flow.dest_ip === value.src_ip;
    alert.network ??= {};
    tell(endpointOf(alert, "source"), turned ? back : there);
    tell(endpointOf(alert, "destination"), turned ? there : back);
    tell(alert.network, sum);
    writeTimes(flow);
    if (value.event_type === "flow") writeState(flow);
  } else if (isObject(netflow)) {
    tell(endpointOf(alert, "source"), { bytes: count(netflow.bytes), packets: count(netflow.pkts) });
    writeTimes(netflow);
  }

  function writeState({ state, reason }: JsonObject): void {
    if (state === "closed") event.type = [...(event.type ?? []), "end"];
    const ended = textValue(reason);
    if (ended !== undefined) event.reason = clip(draft, ended);
  }
  function writeTimes({ start, end }: JsonObject): void {
    const began = typeof start === "string" ? readWholeDate(start, context) : undefined;
    const ended = typeof end === "string" ? readWholeDate(end, context) : undefined;
    if (began !== undefined) event.start = isoOf(began);
    if (ended !== undefined) event.end = isoOf(ended);
    if (began !== undefined && ended !== undefined && ended >= began) event.duration = (ended - began) * 1000;
  }
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function plus(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : count(one + other);
}

/** What was carried one way, or both together. */
interface Load {
  bytes?: number | undefined;
  packets?: number | undefined;
}

function tell(of: Load, { bytes, packets }: Load): void {
  if (bytes !== undefined) of.bytes = bytes;
  if (packets !== undefined) of.packets = packets;
}
