import { endpointOf, isAddress, portOf, putAddress, type Side, wholeNumber } from "../../shared/address.ts";
import type { Draft } from "../../shared/draft.ts";
import { isEcsCategory } from "../../shared/is-ecs-category.ts";
import { macOf } from "../../shared/mac-of.ts";
import { putTransport } from "../../shared/transport.ts";

/** What the extension tells of times, read when the zone is known. */
export interface CefTimes {
  receipt: string | undefined;
  start: string | undefined;
  end: string | undefined;
  created: string | undefined;
  zone: string | undefined;
}

/** What a key of the dictionary means in ECS. */
export interface CefKey {
  write: (draft: Draft, value: string, times: CefTimes) => void;
  /** Its values have no line breaks: a backslash before `n` is one. */
  single: boolean;
  /** The key that it names, when it is the label of another: `cs1` for `cs1Label`. */
  labels: string | undefined;
}

type Write = CefKey["write"];

/** The last of a repeated key stands, as in `fields`. */
const address =
  (name: Side): Write =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    endpoint.address = value;
    if (isAddress(value)) endpoint.ip = value;
  };
/** An address of version 6 beside one of version 4 is the second. */
const otherAddress =
  (name: Side): Write =>
  ({ alert }, value) =>
    putAddress(endpointOf(alert, name), value);
const port =
  (name: Side): Write =>
  ({ alert }, value) => {
    const number = portOf(value);
    if (number !== undefined) endpointOf(alert, name).port = number;
  };
/** Some products have only an address to name a host by. */
const domain =
  (name: Side): Write =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    if (!isAddress(value)) endpoint.domain = value;
    else if (endpoint.ip === undefined) {
      endpoint.ip = value;
      endpoint.address ??= value;
    }
  };
const dnsDomain =
  (name: Side): Write =>
  ({ alert }, value) => {
    endpointOf(alert, name).domain ??= value;
  };
const mac =
  (name: Side): Write =>
  ({ alert }, value) => {
    endpointOf(alert, name).mac = macOf(value);
  };
const bytes =
  (name: Side): Write =>
  ({ alert }, value) => {
    const number = wholeNumber(value);
    if (number !== undefined) endpointOf(alert, name).bytes = number;
  };
const nat =
  (name: Side, part: "ip" | "port"): Write =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    const translated = endpoint.nat ?? {};
    const number = portOf(value);
    if (part === "ip" && isAddress(value)) translated.ip = value;
    else if (part === "port" && number !== undefined && number > 0) translated.port = number;
    else return;
    endpoint.nat = translated;
  };
/** A user belongs to its side, and is the event's user when no other is: ECS rules look there. */
const user =
  (name: Side, part: "name" | "id" | "domain"): Write =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name) as { user?: Record<string, unknown> };
    endpoint.user ??= {};
    endpoint.user[part] = value;
    alert.user ??= {};
    if (name === "source" || alert.user[part] === undefined) alert.user[part] = value;
  };
const privileges =
  (name: Side): Write =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name) as { user?: Record<string, unknown> };
    endpoint.user ??= {};
    endpoint.user.group = { name: value };
  };
const processName: Write = ({ alert }, value) => {
  alert.process ??= {};
  alert.process.name = value;
};
const processId: Write = ({ alert }, value) => {
  const pid = wholeNumber(value);
  if (pid === undefined) return;
  alert.process ??= {};
  alert.process.pid = pid;
};
const observer =
  (part: "hostname" | "mac"): Write =>
  ({ alert }, value) => {
    alert.observer ??= {};
    if (part === "hostname") alert.observer.hostname = value;
    else {
      alert.observer.mac = [macOf(value)];
      alert.host ??= {};
      alert.host.mac = [macOf(value)];
    }
  };
const agent =
  (part: "name" | "id" | "type" | "version"): Write =>
  ({ alert }, value) => {
    alert.agent ??= {};
    alert.agent[part] = value;
  };
const card =
  (way: "ingress" | "egress"): Write =>
  ({ alert }, value) => {
    alert.observer ??= {};
    alert.observer[way] = { interface: { name: value } };
  };
const organization =
  (part: "id" | "name"): Write =>
  ({ alert }, value) => {
    alert.organization ??= {};
    alert.organization[part] = value;
  };
const time =
  (part: keyof CefTimes): Write =>
  (_, value, times) => {
    times[part] = value;
  };
const file =
  (part: "name" | "path" | "type"): Write =>
  ({ alert }, value) => {
    alert.file ??= {};
    alert.file[part] = value;
  };
const HASHES = new Map([
  [32, "md5"],
  [40, "sha1"],
  [64, "sha256"],
  [96, "sha384"],
  [128, "sha512"],
] as const);
const fileHash: Write = ({ alert }, value) => {
  const kind = HASHES.get(value.length as 32);
  if (kind !== undefined && /^[0-9a-fA-F]+$/.test(value)) {
    alert.file = { ...alert.file, hash: { ...alert.file?.hash, [kind]: value.toLowerCase() } };
  }
};
const OUTCOMES = new Map<string, "success" | "failure">([
  ["success", "success"],
  ["successful", "success"],
  ["succeeded", "success"],
  ["/success", "success"],
  ["failure", "failure"],
  ["failed", "failure"],
  ["fail", "failure"],
  ["/failure", "failure"],
]);
const outcome: Write = ({ event }, value) => {
  const known = OUTCOMES.get(value.toLowerCase());
  if (known !== undefined) event.outcome = known;
};
/** Every key of the dictionary under its short name and, where products use it, its long one. */
const KEYS = new Map<string, CefKey>();
const unwritten: Write = () => {};

/** What a key means in ECS, or which key it labels; undefined for the products' own. */
export function cefKeyOf(name: string): CefKey | undefined {
  const known = KEYS.get(name);
  if (known !== undefined || !/^.+[Ll]abel$/.test(name)) return known;
  return { write: unwritten, single: true, labels: name.slice(0, -5) };
}

const know = (names: string, write: Write): void => {
  for (const name of names.split(" ")) KEYS.set(name, { write, single: true, labels: undefined });
};
know("src sourceAddress", address("source"));
know("c6a2", otherAddress("source"));
know("dst destinationAddress", address("destination"));
know("c6a3", otherAddress("destination"));
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
know("spriv sourceUserPrivileges", privileges("source"));
know("dpriv destinationUserPrivileges", privileges("destination"));
know("sproc dproc deviceProcessName sourceProcessName destinationProcessName", processName);
know("spid dpid dvcpid deviceProcessId sourceProcessId destinationProcessId", processId);
know("dvchost deviceHostName", observer("hostname"));
know("dvcmac deviceMacAddress", observer("mac"));
know("dvc deviceAddress", ({ alert }, value) => {
  if (!isAddress(value)) return;
  alert.observer ??= {};
  alert.observer.ip = [value];
});
know("deviceExternalId", ({ alert }, value) => {
  alert.host ??= {};
  alert.host.id = value;
});
know("deviceInboundInterface", card("ingress"));
know("deviceOutboundInterface DeviceOutboundInterface", card("egress"));
know("ahost agentHostName", agent("name"));
know("aid agentId", agent("id"));
know("at agentType", agent("type"));
know("av agentVersion", agent("version"));
know("customerExternalID", organization("id"));
know("customerURI", organization("name"));
know("rt deviceReceiptTime", time("receipt"));
know("start startTime", time("start"));
know("end endTime", time("end"));
know("art agentReceiptTime", time("created"));
know("dtz deviceTimeZone", (draft, value, times) => {
  times.zone = value;
  draft.event.timezone = value;
});
know("fname fileName filename", file("name"));
know("filePath", file("path"));
know("fileType", file("type"));
know("fileHash", fileHash);
know("fsize fileSize", ({ alert }, value) => {
  const size = wholeNumber(value);
  if (size === undefined) return;
  alert.file ??= {};
  alert.file.size = size;
});
know("request requestUrl", ({ alert }, value) => {
  alert.url ??= {};
  alert.url.original = value;
});
know("requestMethod", ({ alert }, value) => {
  alert.http = { ...alert.http, request: { ...alert.http?.request, method: value } };
});
know("requestContext", ({ alert }, value) => {
  alert.http = { ...alert.http, request: { ...alert.http?.request, referrer: value } };
});
know("requestClientApplication", ({ alert }, value) => {
  alert.user_agent = { original: value };
});
know("app applicationProtocol", ({ alert }, value) => {
  alert.network ??= {};
  alert.network.protocol = value.toLowerCase();
  alert.network.application = value;
});
know("proto transportProtocol", ({ alert }, value) => {
  if (putTransport(alert, value)) return;
  alert.network ??= {};
  alert.network.transport = value.toLowerCase();
});
know("deviceDirection", ({ alert }, value) => {
  const direction = value === "0" ? "inbound" : value === "1" ? "outbound" : undefined;
  if (direction === undefined) return;
  alert.network ??= {};
  alert.network.direction = direction;
});
know("act deviceAction", ({ event }, value) => {
  event.action = value;
});
know("outcome eventOutcome", outcome);
know("categoryOutcome", (draft, value, times) => {
  if (draft.event.outcome === undefined) outcome(draft, value, times);
});
know("cat deviceEventCategory", ({ event }, value) => {
  if (isEcsCategory(value)) event.category = [value.toLowerCase()];
});
know("type", ({ event }, value) => {
  if (value === "0") event.kind = "event";
  else if (value === "2") event.kind = "alert";
});
know("externalId", ({ event }, value) => {
  event.id = value;
});
know("eventId devicePayloadId DevicePayloadId", ({ event }, value) => {
  event.id ??= value;
});
know("destinationServiceName", ({ alert }, value) => {
  alert.service ??= {};
  alert.service.name = value;
});
KEYS.set("reason", {
  single: false,
  labels: undefined,
  write: ({ event }, value) => {
    event.reason = value;
  },
});
for (const name of ["msg", "message"]) {
  KEYS.set(name, {
    single: false,
    labels: undefined,
    write: ({ alert }, value) => {
      alert.message = value;
    },
  });
}
