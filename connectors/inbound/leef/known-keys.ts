import { endpointOf, isAddress, portOf, putAddress, type Side, wholeNumber } from "../../shared/address.ts";
import type { Draft } from "../../shared/draft.ts";
import { isEcsCategory } from "../../shared/is-ecs-category.ts";
import { macOf } from "../../shared/mac-of.ts";
import { putTransport } from "../../shared/transport.ts";

/** What the attributes tell of the event's time, read when all are known. */
export interface LeefTime {
  text: string | undefined;
  format: string | undefined;
  zone: string | undefined;
}

export type LeefKey = (draft: Draft, value: string, time: LeefTime) => void;

/** The last of a repeated key stands, as in `fields`. */
const address =
  (name: Side): LeefKey =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    endpoint.address = value;
    if (isAddress(value)) endpoint.ip = value;
  };
const number =
  (name: Side, part: "bytes" | "packets"): LeefKey =>
  ({ alert }, value) => {
    const count = wholeNumber(value);
    if (count !== undefined) endpointOf(alert, name)[part] = count;
  };
const port =
  (name: Side): LeefKey =>
  ({ alert }, value) => {
    const found = portOf(value);
    if (found !== undefined) endpointOf(alert, name).port = found;
  };
const natAddress =
  (name: Side): LeefKey =>
  ({ alert }, value) => {
    if (!isAddress(value) || value === "0.0.0.0") return;
    const endpoint = endpointOf(alert, name);
    endpoint.nat = { ...endpoint.nat, ip: value };
  };
const natPort =
  (name: Side): LeefKey =>
  ({ alert }, value) => {
    const found = portOf(value);
    if (found === undefined || found === 0) return;
    const endpoint = endpointOf(alert, name);
    endpoint.nat = { ...endpoint.nat, port: found };
  };
const hash =
  (kind: "md5" | "sha1" | "sha256"): LeefKey =>
  ({ alert }, value) => {
    alert.file = { ...alert.file, hash: { ...alert.file?.hash, [kind]: value.toLowerCase() } };
  };
const OUTCOMES = new Map<string, "success" | "failure">([
  ["success", "success"],
  ["succeeded", "success"],
  ["failure", "failure"],
  ["failed", "failure"],
  ["fail", "failure"],
]);
const outcome: LeefKey = ({ event }, value) => {
  const known = OUTCOMES.get(value.toLowerCase());
  if (known !== undefined) event.outcome = known;
};
const session =
  (type: "start" | "end"): LeefKey =>
  ({ event }, value) => {
    if (value.toLowerCase() !== "true") return;
    event.category = ["authentication"];
    event.type = [type];
  };
const SEVERITIES = new Map([
  ["low", 3],
  ["medium", 5],
  ["high", 8],
  ["critical", 10],
]);

/** The predefined attributes (IBM QRadar LEEF guide), and those that products share beside them. */
export const LEEF_KEYS = new Map<string, LeefKey>();
const know = (names: string, write: LeefKey): void => {
  for (const name of names.split(" ")) LEEF_KEYS.set(name, write);
};
know("src", address("source"));
know("identSrc", ({ alert }, value) => putAddress(endpointOf(alert, "source"), value));
know("dst", address("destination"));
know("srcPort", port("source"));
know("dstPort", port("destination"));
know("srcBytes", number("source", "bytes"));
know("dstBytes", number("destination", "bytes"));
know("srcPackets", number("source", "packets"));
know("dstPackets", number("destination", "packets"));
know("srcPostNAT", natAddress("source"));
know("dstPostNAT", natAddress("destination"));
know("srcPostNATPort", natPort("source"));
know("dstPostNATPort", natPort("destination"));
know("srcMAC identMAC", ({ alert }, value) => {
  endpointOf(alert, "source").mac ??= macOf(value);
});
know("dstMAC", ({ alert }, value) => {
  endpointOf(alert, "destination").mac = macOf(value);
});
know("identHostName", ({ alert }, value) => {
  endpointOf(alert, "source").domain = value;
});
know("totalPackets", ({ alert }, value) => {
  const packets = wholeNumber(value);
  if (packets !== undefined) alert.network = { ...alert.network, packets };
});
know("proto", ({ alert }, value) => {
  if (!putTransport(alert, value)) alert.network = { ...alert.network, protocol: value.toLowerCase() };
});
know("usrName", ({ alert }, value) => {
  alert.user = { ...alert.user, name: value };
});
know("accountName", ({ alert }, value) => {
  if (alert.user?.name === undefined) alert.user = { ...alert.user, name: value };
});
know("domain", ({ alert }, value) => {
  alert.user = { ...alert.user, domain: value };
});
know("groupID", ({ alert }, value) => {
  alert.group = { ...alert.group, id: value };
});
know("identGrpName", ({ alert }, value) => {
  alert.group = { ...alert.group, name: value };
});
know("policy", ({ alert }, value) => {
  alert.rule = { ...alert.rule, name: value };
});
know("url", ({ alert }, value) => {
  alert.url = { original: value };
});
know("userAgent", ({ alert }, value) => {
  alert.user_agent = { original: value };
});
know("requestMethod", ({ alert }, value) => {
  alert.http = { request: { method: value } };
});
know("sev severity", ({ event }, value) => {
  const severity = wholeNumber(value) ?? SEVERITIES.get(value.toLowerCase());
  if (severity === undefined || severity > 10) return;
  event.severity = severity;
  event.risk_score_norm = severity * 10;
});
know("isLoginEvent", session("start"));
know("isLogoutEvent", session("end"));
know("devTime", (_, value, time) => {
  time.text = value;
});
know("devTimeFormat", (_, value, time) => {
  time.format = value;
});
know("dtz devTimeZone", ({ event }, value, time) => {
  time.zone = value;
  event.timezone = value;
});
know("dvchost deviceHostName", ({ alert }, value) => {
  alert.observer = { ...alert.observer, hostname: value };
});
know("dvc deviceAddress", ({ alert }, value) => {
  if (isAddress(value)) alert.observer = { ...alert.observer, ip: [value] };
});
know("dvcmac", ({ alert }, value) => {
  alert.observer = { ...alert.observer, mac: [macOf(value)] };
});
know("cat", ({ event }, value) => {
  if (isEcsCategory(value)) event.category = [value.toLowerCase()];
});
know("act action", ({ event }, value) => {
  event.action = value;
});
know("outcome result", outcome);
know("externalId", ({ event }, value) => {
  event.id = value;
});
know("reason", ({ event }, value) => {
  event.reason = value;
});
know("fileName fname", ({ alert }, value) => {
  alert.file = { ...alert.file, name: value };
});
know("filePath", ({ alert }, value) => {
  alert.file = { ...alert.file, path: value };
});
know("md5 fileMD5", hash("md5"));
know("sha1 fileSHA1", hash("sha1"));
know("sha256 fileSHA256", hash("sha256"));
know("msg message", ({ alert }, value) => {
  alert.message = value;
});
