import type { Alert } from "../../agent/core/alert.ts";
import { AlertTag } from "../../agent/core/alert.ts";
import type { ParseContext } from "../contract.ts";
import { isAddress, putAddress } from "../shared/address.ts";
import { clip, type Draft, newDraft } from "../shared/draft.ts";
import { isoOf } from "../shared/iso-of.ts";
import { ecsLeaf, putLeaf, writeLeaf } from "../shared/put-ecs.ts";
import { readWholeDate } from "../shared/read-date.ts";
import { putTransport } from "../shared/transport.ts";
import { putUrl } from "../shared/web/put-url.ts";

/** Writes a value where a mapping says; false when it does not fit there. */
export type Put = (draft: Draft, value: unknown, context: ParseContext) => boolean;

/** Names that a mapping may not write: the record itself, and what says how it was read. */
const OURS = new Set(["event.original", "event.module", "event.dataset", "tags", "labels", "ecs.version"]);

/** Targets that are leaves, yet written with what belongs to them. */
const OF_PARTS = new Set(["network.transport", "url.original"]);
const ANY_TIME: ParseContext = { received: 0, zone: "UTC" };

/** The writer of a target of a mapping: an ECS field, an endpoint or host as a whole, or the time; else undefined. */
export function putterOf(name: string): Put | undefined {
  if (OURS.has(name)) return undefined;
  switch (name) {
    case "@timestamp":
      return putTime;
    case "source":
    case "destination":
    case "client":
    case "server":
      return endpointPutter(name);
    case "host":
      return putHost;
    case "network.transport":
      return ({ alert }, value) => putTransport(alert, String(value));
    case "url.original":
      return putTarget;
  }
  const leaf = ecsLeaf(name);
  return leaf === undefined ? undefined : (draft, value, context) => putLeaf(draft, leaf, value, context);
}

/** The writer of a value that is the same for every record; undefined when the target does not take it. */
export function constantPutter(name: string, value: unknown): ((draft: Draft) => void) | undefined {
  const put = putterOf(name);
  if (put?.(newDraft("", "", ""), value, ANY_TIME) !== true) return undefined;
  const leaf = ecsLeaf(name);
  const fitting = leaf?.coerce(newDraft("", "", ""), value, ANY_TIME);
  if (leaf === undefined || OF_PARTS.has(name)) return (draft) => void put(draft, value, ANY_TIME);
  return Array.isArray(fitting)
    ? ({ alert }) => writeLeaf(alert, leaf, fitting.slice())
    : ({ alert }) => writeLeaf(alert, leaf, fitting);
}

/** What is asked for, with the parts of it that it has: scheme, domain, path… */
function putTarget(draft: Draft, listed: unknown): boolean {
  const value = firstOf(listed);
  if (typeof value !== "string") return false;
  putUrl(draft, value);
  return true;
}

/** Removes an ECS field. */
export function dropEcs(alert: Alert, name: string): void {
  const path = name.split(".");
  const last = path.pop() ?? "";
  let here: Record<string, unknown> | undefined = alert;
  for (const key of path) here = here?.[key] as Record<string, unknown> | undefined;
  if (here !== undefined) delete here[last];
}

function putTime({ alert }: Draft, value: unknown, context: ParseContext): boolean {
  const instant = readWholeDate(String(value), context);
  if (instant === undefined) return false;
  alert["@timestamp"] = isoOf(instant);
  dropTag(alert, AlertTag.noTime);
  return true;
}

/** Takes a mark off, the list with its last. */
export function dropTag(alert: Alert, tag: string): void {
  if (!alert.tags?.includes(tag)) return;
  alert.tags = alert.tags.filter((each) => each !== tag);
  if (alert.tags.length === 0) delete alert.tags;
}

function endpointPutter(side: "source" | "destination" | "client" | "server"): Put {
  return (draft, listed) => {
    const value = firstOf(listed);
    if (typeof value !== "string") return false;
    const { ip: _ip, address: _address, ...rest } = draft.alert[side] ?? {};
    putAddress(rest, clip(draft, value));
    draft.alert[side] = rest;
    return true;
  };
}

/** Several addresses or names of one machine: the first stands for it. */
const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

function putHost(draft: Draft, listed: unknown): boolean {
  const value = firstOf(listed);
  if (typeof value !== "string") return false;
  const name = clip(draft, value);
  const { hostname: _hostname, ip: _ip, ...rest } = draft.alert.host ?? {};
  draft.alert.host = isAddress(name) ? { ...rest, name, ip: [name] } : { ...rest, name, hostname: name };
  return true;
}
