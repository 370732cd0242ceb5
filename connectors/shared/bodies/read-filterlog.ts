import { wholeNumber } from "../address.ts";
import { clip, type Draft, putField } from "../draft.ts";
import { putTransport } from "../transport.ts";
import { tell, tellPeer } from "./tell.ts";

/** Columns that all records have: rule, sub-rule, anchor, tracker, interface, reason, action, direction, IP version. */
const RULE = 0;
const TRACKER = 3;
const INTERFACE = 4;
const REASON = 5;
const ACTION = 6;
const DIRECTION = 7;
const VERSION = 8;
/** Where the protocol, the length and the addresses stand in a record of either version. */
const AFTER = {
  "4": { protocol: 16, number: 15, length: 17, source: 18 },
  "6": { protocol: 12, number: 13, length: 14, source: 15 },
} as const;
const MOST = 64;

/** Reads a packet that pf decided about, in the columns of pfSense's and OPNsense's filterlog (raw filter log format). */
export const readFilterlog = (draft: Draft, message: string): void => {
  const cells = message.slice(0, 2048).split(",", MOST);
  const version = cells[VERSION];
  const action = cells[ACTION] ?? "";
  if ((version !== "4" && version !== "6") || !/^[a-z]{2,16}$/.test(action)) return;
  const { protocol, number, length, source } = AFTER[version];
  const passed = action === "pass";
  tell(draft, {
    action: passed
      ? "allowed"
      : action === "rdr" || action === "nat" || action === "binat"
        ? action
        : "denied",
    category: ["network"],
    type: ["connection", passed ? "allowed" : action === "block" || action === "reject" ? "denied" : "info"],
    outcome: passed ? "success" : action === "block" || action === "reject" ? "failure" : undefined,
  });
  const { alert } = draft;
  putField(draft, "tracker", cells[TRACKER] ?? "");
  putField(draft, "reason", cells[REASON] ?? "");
  putField(draft, "action", action);
  const rule = cells[RULE] ?? "";
  if (rule !== "") alert.rule = { ...alert.rule, id: clip(draft, rule) };
  const direction = cells[DIRECTION];
  const network: NonNullable<typeof alert.network> = { ...alert.network, type: `ipv${version}` };
  alert.network = network;
  if (direction === "in" || direction === "out")
    network.direction = direction === "in" ? "inbound" : "outbound";
  const name = (cells[protocol] ?? "").toLowerCase();
  if (!putTransport(alert, cells[number] ?? "") && name !== "") putTransport(alert, name);
  const bytes = wholeNumber(cells[length] ?? "");
  if (bytes !== undefined && alert.network !== undefined) alert.network.bytes = bytes;
  const card = cells[INTERFACE];
  if (card !== undefined && card !== "")
    alert.observer = {
      ...alert.observer,
      [direction === "out" ? "egress" : "ingress"]: { interface: { name: clip(draft, card) } },
    };
  const ported = name === "tcp" || name === "udp" || name === "sctp";
  tellPeer(draft, "source", cells[source] ?? "", ported ? cells[source + 2] : undefined);
  tellPeer(draft, "destination", cells[source + 1] ?? "", ported ? cells[source + 3] : undefined);
};
