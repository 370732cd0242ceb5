import type { Alert } from "../../../agent/core/alert.ts";
import { type Endpoint, isAddress, portOf } from "../address.ts";
import { clip, type Draft } from "../draft.ts";

/** Reads what a known program says in its message, into the alert. */
export type ReadBody = (draft: Draft, message: string) => void;

/** What happened, in the allowed values of ECS. */
export interface Happening {
  action: string;
  category: readonly string[];
  type: readonly string[];
  outcome?: "success" | "failure" | undefined;
}

/** Says what happened. */
export function tell(draft: Draft, { action, category, type, outcome }: Happening): void {
  const { event } = draft;
  event.kind = "event";
  event.action = action;
  event.category = category.slice();
  event.type = type.slice();
  if (outcome !== undefined) event.outcome = outcome;
}

/** Says why, in the program's own words. */
export function tellReason(draft: Draft, reason: string): void {
  if (reason !== "") draft.event.reason = clip(draft, reason);
}

type User = NonNullable<Alert["user"]>;

/** Says who, beside what is already known of him; an empty name says nothing. */
export function tellUser(draft: Draft, user: User): void {
  if (user.name === "") return;
  const { alert } = draft;
  alert.user = alert.user === undefined ? user : { ...alert.user, ...user };
}

/** A name as a program wrote it, bounded to what a name can be. */
export function nameOf(draft: Draft, name: string): string {
  return name.length <= 1024 ? name : clip(draft, name);
}

const NOBODY = new Set(["", "-", "?", "UNKNOWN", "unknown", "(null)", "localhost(none)"]);

/** Says whence or whither: an address, with or without zone, or a host's name; nothing for what programs write of none. */
export function tellPeer(draft: Draft, side: "source" | "destination", host: string, port?: string): void {
  const zone = host.indexOf("%");
  const ip = zone < 0 ? host : host.slice(0, zone);
  const address = isAddress(ip);
  if (host.length > 255 || (!address && NOBODY.has(host))) return;
  const endpoint: Endpoint = draft.alert[side] ?? {};
  draft.alert[side] = endpoint;
  endpoint.address = host;
  if (address) endpoint.ip = ip;
  else endpoint.domain = host;
  const number = port === undefined ? undefined : portOf(port);
  if (number !== undefined) endpoint.port = number;
}
