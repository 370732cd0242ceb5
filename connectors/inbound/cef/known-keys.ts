import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { type Endpoint, isAddress, portOf, putAddress, wholeNumber } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { readWholeDate } from "../../shared/read-date.ts";

/** The instants that the extension tells. */
export interface CefTimes {
  receipt: number | undefined;
  start: number | undefined;
  end: number | undefined;
}

type Write = (draft: Draft, value: string, times: CefTimes, context: ParseContext) => void;

/** Writes what a key of the CEF dictionary means in ECS; other keys are left to `fields`. */
export function writeKnown(
  draft: Draft,
  key: string,
  value: string,
  times: CefTimes,
  context: ParseContext,
): void {
  const write = KNOWN.get(key);
  if (write === undefined || value === "") return;
  const bounded = clip(draft, value);
  const own = key === "msg" ? bounded : bounded.trim();
  if (own !== "") write(draft, own, times, context);
}

type Side = "source" | "destination";

function side(alert: Alert, name: Side): Endpoint {
  const endpoint = alert[name] ?? {};
  alert[name] = endpoint;
  return endpoint;
}

const address =
  (name: Side): Write =>
  ({ alert }, value) =>
    putAddress(side(alert, name), value);
const port =
  (name: Side): Write =>
  ({ alert }, value) => {
    const number = portOf(value);
    if (number !== undefined) side(alert, name).port = number;
  };
const domain =
  (name: Side): Write =>
  ({ alert }, value) => {
    side(alert, name).domain = value;
  };
const dnsDomain =
  (name: Side): Write =>
  ({ alert }, value) => {
    side(alert, name).domain ??= value;
  };
const mac =
  (name: Side): Write =>
  ({ alert }, value) => {
    side(alert, name).mac = value;
  };
const bytes =
  (name: Side): Write =>
  ({ alert }, value) => {
    const number = wholeNumber(value);
    if (number !== undefined) side(alert, name).bytes = number;
  };
const nat =
  (name: Side, part: "ip" | "port"): Write =>
  ({ alert }, value) => {
    const endpoint = side(alert, name);
    const translated = endpoint.nat ?? {};
    const number = portOf(value);
    if (part === "ip" && isAddress(value)) translated.ip = value;
    else if (part === "port" && number !== undefined) translated.port = number;
    else return;
    endpoint.nat = translated;
  };
/** A user belongs to its side, and is the event's user when no other is: ECS rules look there. */
const user =
  (name: Side, part: "name" | "id" | "domain"): Write =>
  ({ alert }, value) => {
    const endpoint = side(alert, name);
    endpoint.user = { ...(endpoint.user as object | undefined), [part]: value };
    const own = alert.user ?? {};
    if (name === "source" || own[part] === undefined) own[part] = value;
    alert.user = own;
  };
const processName: Write = ({ alert }, value) => {
  alert.process ??= {};
  alert.process.name = value;
};
const processId: Write = ({ alert }, value) => {
  const pid = wholeNumber(value);
  if (pid !== undefined) alert.process = { ...alert.process, pid };
};
const observer =
  (part: "hostname" | "mac"): Write =>
  ({ alert }, value) => {
    alert.observer ??= {};
    if (part === "hostname") alert.observer.hostname = value;
    else {
      alert.observer.mac = [value];
      alert.host ??= {};
      alert.host.mac = [value];
    }
  };
const time =
  (part: keyof CefTimes): Write =>
  ({ event }, value, times, context) => {
    const instant = readWholeDate(value, context);
    if (instant === undefined) return;
    times[part] = instant;
    if (part !== "receipt") event[part] = isoOf(instant);
  };
const file =
  (part: "name" | "path"): Write =>
  ({ alert }, value) => {
    alert.file = { ...alert.file, [part]: value };
  };
const HASHES = new Map([
  [32, "md5"],
  [40, "sha1"],
  [64, "sha256"],
  [128, "sha512"],
] as const);
const fileHash: Write = ({ alert }, value) => {
  const kind = HASHES.get(value.length as 32);
  if (kind !== undefined && /^[0-9a-fA-F]+$/.test(value)) {
    alert.file = { ...alert.file, hash: { ...alert.file?.hash, [kind]: value } };
  }
};
const OUTCOMES = new Map<string, "success" | "failure">([
  ["success", "success"],
  ["successful", "success"],
  ["succeeded", "success"],
  ["failure", "failure"],
  ["failed", "failure"],
  ["fail", "failure"],
]);
/** ECS allows these only; what products call a category is mostly their own, and stays in `fields`. */
const CATEGORIES = new Set(
  (
    "api authentication configuration database driver email file host iam intrusion_detection library malware " +
    "network package process registry session threat vulnerability web"
  ).split(" "),
);

/** Every key under its short name and, where products use it, its long one. */
const KNOWN = new Map<string, Write>();
const know = (names: string, write: Write): void => {
  for (const name of names.split(" ")) KNOWN.set(name, write);
};
know("src c6a2 sourceAddress", address("source"));
know("dst c6a3 destinationAddress", address("destination"));
know("spt sourcePort", port("source"));
know("dpt destinationPort", port("destination"));
know("shost sourceHostName", domain("source"));
know("dhost destinationHostName", domain("destination"));
know("sourceDnsDomain", dnsDomain("source"));
know("destinationDnsDomain", dnsDomain("destination"));
know("smac sourceMacAddress", mac("source"));
know("dmac destinationMacAddress", mac("destination"));
// As Elastic reads them: in is what the source sent.
know("in bytesIn", bytes("source"));
know("out bytesOut", bytes("destination"));
know("sourceTranslatedAddress", nat("source", "ip"));
know("sourceTranslatedPort", nat("source", "port"));
know("destinationTranslatedAddress", nat("destination", "ip"));
know("destinationTranslatedPort", nat("destination", "port"));
know("suser sourceUserName", user("source", "name"));
know("duser destinationUserName", user("destination", "name"));
know("suid sourceUserId", user("source", "id"));
know("duid destinationUserId", user("destination", "id"));
know("sntdom sourceNtDomain", user("source", "domain"));
know("dntdom destinationNtDomain", user("destination", "domain"));
know("sproc dproc deviceProcessName sourceProcessName destinationProcessName", processName);
know("spid dpid dvcpid deviceProcessId sourceProcessId destinationProcessId", processId);
know("dvchost deviceHostName", observer("hostname"));
know("dvcmac deviceMacAddress", observer("mac"));
know("dvc deviceAddress", ({ alert }, value) => {
  if (isAddress(value)) alert.observer = { ...alert.observer, ip: [value] };
});
know("deviceExternalId", ({ alert }, value) => {
  alert.host ??= {};
  alert.host.id = value;
});
know("rt deviceReceiptTime", time("receipt"));
know("start startTime", time("start"));
know("end endTime", time("end"));
know("fname fileName", file("name"));
know("filePath", file("path"));
know("fileHash", fileHash);
know("fsize fileSize", ({ alert }, value) => {
  const size = wholeNumber(value);
  if (size !== undefined) alert.file = { ...alert.file, size };
});
know("request requestUrl", ({ alert }, value) => {
  alert.url ??= {};
  alert.url.original = value;
});
know("requestMethod", ({ alert }, value) => {
  alert.http = { request: { method: value } };
});
know("app applicationProtocol", ({ alert }, value) => {
  alert.network ??= {};
  alert.network.protocol = value.toLowerCase();
  alert.network.application = value;
});
know("proto transportProtocol", ({ alert }, value) => {
  alert.network ??= {};
  alert.network.transport = value.toLowerCase();
});
know("deviceDirection", ({ alert }, value) => {
  const direction = value === "0" ? "inbound" : value === "1" ? "outbound" : undefined;
  if (direction !== undefined) alert.network = { ...alert.network, direction };
});
know("act deviceAction", ({ event }, value) => {
  event.action = value;
});
know("outcome eventOutcome", ({ event }, value) => {
  const outcome = OUTCOMES.get(value.toLowerCase());
  if (outcome !== undefined) event.outcome = outcome;
});
know("cat deviceEventCategory", ({ event }, value) => {
  if (CATEGORIES.has(value.toLowerCase())) event.category = [value.toLowerCase()];
});
know("externalId", ({ event }, value) => {
  event.id = value;
});
know("eventId", ({ event }, value) => {
  event.id ??= value;
});
know("destinationServiceName", ({ alert }, value) => {
  alert.service = { name: value };
});
know("reason", ({ event }, value) => {
  event.reason = value;
});
know("msg message", ({ alert }, value) => {
  alert.message = value;
});
