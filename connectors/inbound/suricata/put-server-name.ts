import { endpointOf, isAddress } from "../../shared/address.ts";
import type { Draft } from "../../shared/draft.ts";

/** Names the server, which is where the packet of an answer comes from. */
export function putServerName({ alert, fields }: Draft, domain: string): void {
  // An address is no name.
  if (isAddress(domain)) return;
  const { source, destination } = alert;
  const from = source?.port ?? 0;
  const { direction, src_ip: sender, "flow.src_ip": client } = fields;
  const answered =
    direction !== undefined
      ? direction === "to_client"
      : client !== undefined
        ? client !== sender && client === fields.dest_ip
        : from > 0 && from < 1024 && (destination?.port ?? 0) >= 1024;
  const side = answered ? "source" : "destination";
  endpointOf(alert, side).domain ??= domain;
}
