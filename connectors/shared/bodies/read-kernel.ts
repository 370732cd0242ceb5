import { isAddress } from "../address.ts";
import { readAudit } from "../audit/read-audit.ts";
import { type Draft, putField, putNewField } from "../draft.ts";
import { macOf } from "../mac-of.ts";
import { readSaying, saying } from "./read-saying.ts";
import { tell, tellPeer } from "./tell.ts";

const SAYINGS = [
  saying(
    /^(?:Memory cgroup out|Out) of memory: Kill(?:ed)? process (?<killed_pid>\d{1,10}) \((?<killed>[^)]{1,64})\)/,
    "oom_kill",
    "process",
    "end",
  ),
  saying(/^Killed process (?<killed_pid>\d{1,10}) \((?<killed>[^)]{1,64})\)/, "oom_kill", "process", "end"),
  saying(/^(?<requester>\S{1,64}) invoked oom-killer/, "oom_kill", "process", "info"),
  saying(
    /^(?<crashed>[^[\]]{1,64})\[(?<crashed_pid>\d{1,10})\]: segfault at (?<address>\w{1,20}) .{0,256}$/,
    "segfault",
    "process",
    "end",
  ),
  saying(
    /^traps: (?<crashed>[^[\]]{1,64})\[(?<crashed_pid>\d{1,10})\] (?<reason>general protection|trap [\w ]{1,64})/,
    "segfault",
    "process",
    "end",
  ),
  saying(
    /^usb (?<usb_port>[\d.-]{1,32}): new \S{1,32}[- ]speed (?:\w{1,16} )?USB device/i,
    "usb_connected",
    "host",
    "info",
  ),
  saying(
    /^usb (?<usb_port>[\d.-]{1,32}): New USB device found, idVendor=(?<usb_vendor>\w{4}), idProduct=(?<usb_product>\w{4})/,
    "usb_connected",
    "host",
    "info",
  ),
  saying(/^usb (?<usb_port>[\d.-]{1,32}): Product: (?<usb_name>.{1,256})$/, "usb_connected", "host", "info"),
  saying(
    /^usb (?<usb_port>[\d.-]{1,32}): SerialNumber: (?<usb_serial>.{1,256})$/,
    "usb_connected",
    "host",
    "info",
  ),
  saying(/^usb (?<usb_port>[\d.-]{1,32}): USB disconnect/, "usb_disconnected", "host", "info"),
  saying(
    /^device (?<device>\S{1,64}) (?:entered|left) promiscuous mode|^(?<interface>[\w.@-]{1,64}): (?:entered|left) promiscuous mode/,
    "promiscuous_mode",
    "network",
    "info",
  ),
  saying(
    /^(?:\S{1,32}: )?[Pp]ossible SYN flooding on port (?:\S{1,64}:)?(?<port_flooded>\d{1,5})/,
    "syn_flood",
    "network",
    "info",
  ),
  saying(
    /^(?<module>\S{1,64}): (?<reason>module verification failed: .{1,256})$/,
    "module_unsigned",
    "driver",
    "start",
  ),
];

/** Reads what the kernel says: packets that a firewall logs, memory, crashes, USB, and audit without its daemon. */
export const readKernel = (draft: Draft, message: string): void => {
  const stamp = /^\[ {0,12}\d{1,10}\.\d{1,9}\] {0,2}/.exec(message.slice(0, 40));
  const text = stamp === null ? message : message.slice(stamp[0].length);
  if ((text.startsWith("audit: ") || text.startsWith("type=")) && readAudit(draft, text) !== undefined)
    return;
  const packet = packetAt(text);
  if (packet < 0) readSaying(draft, SAYINGS, text);
  else readPacket(draft, text.slice(0, packet), text.slice(packet));
};

/** Where `IN=… OUT=…` begins, which netfilter writes after the rule's prefix; -1 when it does not. */
function packetAt(text: string): number {
  const head = text.slice(0, 200);
  for (let at = head.indexOf("IN="); at >= 0; at = head.indexOf("IN=", at + 3))
    if (/^IN=\S{0,32} OUT=/.test(head.slice(at, at + 50))) return at;
  return -1;
}

const DENIED = /\b(?:drop|dropped|block|blocked|deny|denied|reject|rejected|refused?|invalid|dpt|banned)\b/i;
const ALLOWED = /\b(?:accept|accepted|allow|allowed|pass)\b/i;

/** `PREFIX IN=eth0 OUT= MAC=… SRC=… DST=… LEN=… PROTO=TCP SPT=… DPT=… SYN` (nf_log_ipv4.c, nf_log_ipv6.c). */
function readPacket(draft: Draft, prefix: string, text: string): void {
  const { alert, fields } = draft;
  // What is between brackets is the packet that an ICMP error is about.
  const own = text.slice(0, 2048).split(" [", 1)[0] as string;
  const flags: string[] = [];
  for (const word of own.split(" ")) {
    const equals = word.indexOf("=");
    if (equals > 0) putNewField(draft, word.slice(0, equals), word.slice(equals + 1));
    else if (/^[A-Z]{2,4}$/.test(word)) flags.push(word);
  }
  if (flags.length > 0) putField(draft, "flags", flags);
  const rule = prefix.trim().replace(/^\[([^[\]]*)\]$/, "$1");
  const spaced = rule.replaceAll(/[-_.:()]/g, " ");
  // EdgeOS and VyOS end the name of a rule by its verdict: `WAN_IN-default-D`.
  const verdict = /-(?:default|\d{1,5})-([ADR])$/.exec(rule.slice(-16))?.[1];
  const denied = verdict === undefined ? DENIED.test(spaced) : verdict !== "A";
  const judged = denied ? "denied" : verdict === "A" || ALLOWED.test(spaced) ? "allowed" : undefined;
  draft.event.dataset = "iptables.log";
  tell(draft, {
    action: judged === undefined ? "packet" : judged,
    category: ["network"],
    type: judged === undefined ? ["connection"] : ["connection", judged],
    outcome: judged === undefined ? undefined : judged === "denied" ? "failure" : "success",
  });
  if (rule !== "") alert.rule = { ...alert.rule, name: rule };
  const got = (key: string): string => (typeof fields[key] === "string" ? fields[key] : "");
  tellPeer(draft, "source", got("SRC"), got("SPT"));
  tellPeer(draft, "destination", got("DST"), got("DPT"));
  const [into, out] = [got("IN"), got("OUT")];
  alert.network = {
    ...alert.network,
    ...(got("PROTO") === "" ? {} : { transport: got("PROTO").toLowerCase() }),
    ...(isAddress(got("SRC")) ? { type: got("SRC").includes(":") ? "ipv6" : "ipv4" } : {}),
    ...(into !== "" && out === "" ? { direction: "inbound" } : {}),
    ...(into === "" && out !== "" ? { direction: "outbound" } : {}),
  };
  const length = Number(got("LEN"));
  if (/^\d{1,6}$/.test(got("LEN"))) alert.network.bytes = length;
  if (into !== "") alert.observer = { ...alert.observer, ingress: { interface: { name: into } } };
  if (out !== "") alert.observer = { ...alert.observer, egress: { interface: { name: out } } };
  const mac = /^(?:[0-9a-f]{2}:){6}((?:[0-9a-f]{2}:){5}[0-9a-f]{2}):/i.exec(got("MAC"))?.[1];
  if (mac !== undefined && alert.source !== undefined) alert.source.mac = macOf(mac);
}
