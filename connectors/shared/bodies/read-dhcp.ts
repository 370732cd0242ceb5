import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

const MAC = String.raw`(?<mac>(?:[\da-fA-F]{2}:){5}[\da-fA-F]{2})`;
const SAYINGS = [
  // ISC dhcpd and dhclient
  String.raw`^(?<dhcp>DHCP[A-Z]{2,10}) (?:for|on|of) (?<client>[\d.]{7,15})(?: \((?<dhcp_server>[\d.]{7,15})\))? (?:from|to) MAC(?: \((?<client_name>[^()]{0,255})\))?(?: via (?<interface>\S{1,64}))?`,
  String.raw`^(?<dhcp>DHCP[A-Z]{2,10}) from MAC(?: \((?<client_name>[^()]{0,255})\))? via (?<interface>[^\s:]{1,64})(?:: (?<reason>.{1,256}))?$`,
  String.raw`^(?<dhcp>DHCP[A-Z]{2,10}) (?:of|from|on) (?<client>[\d.]{7,15})(?: .{0,256})?$`,
  // dnsmasq
  String.raw`^(?:\d{1,12} )?(?<dhcp>DHCP[A-Z]{2,10})\((?<interface>[^\s()]{1,64})\)(?: (?<client>[\d.]{7,15}))? MAC(?: (?<client_name>\S{1,255}))?`,
].map((text) => saying(new RegExp(text.replace("MAC", MAC)), "dhcp", "network", "protocol info"));

/** Reads what DHCP servers and clients say of leases. */
export const readDhcp = (draft: Draft, message: string): void => {
  if (!readSaying(draft, SAYINGS, message)) return;
  const { alert, event, fields } = draft;
  alert.network = { ...alert.network, protocol: "dhcp", transport: "udp" };
  const { client_name: name } = fields;
  if (typeof name === "string") alert.client = { ...alert.client, domain: name };
  event.action = String(fields.dhcp).toLowerCase();
  if (fields.dhcp === "DHCPNAK" || fields.dhcp === "DHCPDECLINE") event.outcome = "failure";
};
