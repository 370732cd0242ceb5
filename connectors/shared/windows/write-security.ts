import { isAddress } from "../address.ts";
import { macOf } from "../mac-of.ts";
import { statusWords } from "./status-words.ts";
import {
  groupOf,
  numberOf,
  type Process,
  programOf,
  put,
  putAccount,
  putCommand,
  putEnd,
  putImage,
  putPath,
  putPrefixed,
  putRule,
  textOf,
  type User,
  type WindowsDraft,
} from "./windows-draft.ts";

/** Logons: the account is the one that logged on, not the one that asked. */
const OF_TARGET = new Set([
  "4624",
  "4625",
  "4634",
  "4647",
  "4675",
  "4768",
  "4769",
  "4770",
  "4771",
  "4772",
  "4773",
  "4776",
  "4777",
  "4964",
]);
/** Acts upon an account: who did it is the user, upon whom is the target. */
const UPON_USER = new Set([
  "4720",
  "4722",
  "4723",
  "4724",
  "4725",
  "4726",
  "4738",
  "4740",
  "4741",
  "4742",
  "4743",
  "4765",
  "4766",
  "4767",
  "4780",
  "4781",
  "4794",
  "4798",
]);
/** Acts upon a group. */
const UPON_GROUP = new Set(
  "4727 4728 4729 4730 4731 4732 4733 4734 4735 4737 4744 4745 4746 4747 4748 4749 4750 4751 4752 4753 4754 4755 4756 4757 4758 4759 4760 4761 4762 4763 4764 4799".split(
    " ",
  ),
);
/** With credentials of another account. */
const AS_ANOTHER = new Set(["4648", "4688"]);
/** The process that `ProcessId` numbers began the one that the event is about. */
const STARTED = "4688";

/** Writes in ECS what the names of the Security log's events say. */
export function writeSecurity(draft: WindowsDraft): void {
  writeAccounts(draft);
  writeProcess(draft);
  writeEnds(draft);
  writeObject(draft);
  writeReason(draft);
  writeStatus(draft);
  const service = textOf(draft, "ServiceName");
  if (service !== undefined) put(groupOf(draft, "service"), "name", service);
  if (draft.code === "4697") {
    putPath(draft, programOf(textOf(draft, "ServiceFileName")));
    putCommand(groupOf(draft, "process"), textOf(draft, "ServiceFileName"));
  }
  if (/^494[678]$/.test(draft.code)) putRule(draft, textOf(draft, "RuleName"), textOf(draft, "RuleId"));
}

/** The reason in words, as the event's text has it: its data have a number of the message tables, `%%2313`. */
const REASON =
  /(?:Failure Reason|Raison de l['\u2019]échec)[ \u00a0]?:[ \t]{1,16}([^\s%](?:[^\r\n\t ]| (?! |Status:|État)){2,255})/;

function writeReason({ alert, code, event, fields }: WindowsDraft): void {
  if (code === "4625") {
    const told = fields.FailureReason;
    const reason =
      typeof told === "string" && told !== "" && !told.startsWith("%%")
        ? told
        : REASON.exec((alert.message ?? "").slice(0, 2048))?.[1];
    if (reason !== undefined && reason !== "-") event.reason ??= reason.slice(0, 256);
  } else if (isRadius(code) && typeof fields.Reason === "string" && fields.Reason !== "-")
    event.reason ??= fields.Reason.slice(0, 256);
}

/** The status of a refused logon, which is a reason in any language; the closer of two counts. */
function writeStatus(draft: WindowsDraft): void {
  const { alert, code, event } = draft;
  if (event.outcome !== "failure" || !/^(?:4625|47(?:6[89]|7[1-7]))$/.test(code)) return;
  const close = textOf(draft, "SubStatus");
  const status = close === undefined || /^0x0+$/.test(close) ? textOf(draft, "Status", "FailureCode") : close;
  if (status === undefined || /^0x0+$/.test(status)) return;
  const words = statusWords(status, code.startsWith("47") && code !== "4776");
  alert.error = { code: status, ...(words && { message: words }), ...alert.error };
}

/** Events of the Network Policy Server. */
const isRadius = (code: string) => /^62(?:7[2-9]|80)$/.test(code);

function writeAccounts(draft: WindowsDraft): void {
  const { alert, code } = draft;
  const user = groupOf(draft, "user");
  if (OF_TARGET.has(code)) {
    const name = textOf(draft, "TargetUserName");
    const at = name?.indexOf("@") ?? -1;
    // Kerberos writes name@REALM, with the realm beside it.
    if (name !== undefined && at > 0 && code.startsWith("47")) put(user, "name", name.slice(0, at));
    if (name === undefined && textOf(draft, "SubjectUserName") !== undefined) {
      // A certificate or a ticket that names nobody: the one who asked is all that is known.
      const target: NonNullable<User["target"]> = {};
      putPrefixed(draft, target, "Target");
      if (Object.keys(target).length > 0) user.target ??= target;
      putPrefixed(draft, user, "Subject");
    } else putPrefixed(draft, user, "Target");
    return;
  }
  if (UPON_GROUP.has(code)) {
    const group: NonNullable<User["group"]> = {};
    putPrefixed(draft, group, "Target");
    if (Object.keys(group).length > 0) alert.group ??= group;
    const member: NonNullable<User["target"]> = {};
    // Its backslashes are escapes of the path, not the end of a domain.
    put(member, "name", memberName(textOf(draft, "MemberName")));
    put(member, "id", textOf(draft, "MemberSid"));
    if (Object.keys(member).length > 0) user.target ??= member;
    putPrefixed(draft, user, "Subject");
    return;
  }
  const target: NonNullable<User["target"]> = {};
  putPrefixed(draft, target, "Target");
  if (code === "4781") put(target, "name", textOf(draft, "OldTargetUserName"));
  if (code === "4740") {
    // This domain is the computer where the attempts came from.
    const from = target.domain;
    delete target.domain;
    if (from !== undefined) put(groupOf(draft, "source"), "domain", from);
  }
  if (Object.keys(target).length > 0) {
    if (UPON_USER.has(code)) user.target ??= target;
    else if (AS_ANOTHER.has(code)) user.effective ??= target;
  }
  putPrefixed(draft, user, "Subject");
  // Events of other products under these names tell one account only.
  if (user.name === undefined && !UPON_USER.has(code) && !AS_ANOTHER.has(code))
    putPrefixed(draft, user, "Target");
  // The account of a service that was installed is not who installed it.
  putAccount(
    user,
    textOf(draft, "User", "UserName", code === "7045" ? undefined : "AccountName"),
    code === "4778" || code === "4779" || code === "4825" ? textOf(draft, "AccountDomain") : undefined,
  );
  // Certificate services name who asked.
  if (/^48(?:68|69|70|8[678])$/.test(code)) putAccount(user, textOf(draft, "Requester"));
}

/** `CN=Alice Martin,OU=…`: the common name; what is no such path stays whole. */
function memberName(whole: string | undefined): string | undefined {
  if (whole === undefined || !/^cn=/i.test(whole)) return whole;
  let end = 3;
  while (end < whole.length && whole[end] !== ",") end += whole[end] === "\\" ? 2 : 1;
  return whole.slice(3, end);
}

function writeProcess(draft: WindowsDraft): void {
  const process = groupOf(draft, "process");
  const started = draft.code === STARTED;
  putImage(process, textOf(draft, "NewProcessName", "ProcessName", "CallerProcessName", "Application"));
  put(
    process,
    "pid",
    started
      ? numberOf(draft, "NewProcessId")
      : numberOf(
          draft,
          "NewProcessId",
          "ProcessId",
          "CallerProcessId",
          draft.code.startsWith("515") ? "ProcessID" : undefined,
        ),
  );
  put(process, "command_line", textOf(draft, "CommandLine", "ProcessCommandLine"));
  const parent: NonNullable<Process["parent"]> = {};
  putImage(parent, textOf(draft, "ParentProcessName", "CreatorProcessName"));
  put(parent, "pid", started ? numberOf(draft, "ProcessId", "CreatorProcessId") : undefined);
  if (Object.keys(parent).length > 0) process.parent = { ...parent, ...process.parent };
  if (draft.code === "4689") put(process, "exit_code", numberOf(draft, "Status"));
}

const TRANSPORTS = new Map([
  ["1", "icmp"],
  ["6", "tcp"],
  ["17", "udp"],
  ["58", "ipv6-icmp"],
]);

function writeEnds(draft: WindowsDraft): void {
  if (isRadius(draft.code)) {
    writeCaller(draft);
    return;
  }
  putEnd(
    draft,
    "source",
    textOf(draft, "IpAddress", "SourceAddress", "ClientAddress"),
    textOf(draft, "IpPort", "SourcePort", "ClientPort"),
  );
  putEnd(
    draft,
    "destination",
    textOf(draft, "DestAddress", "DestinationAddress"),
    textOf(draft, "DestPort", "DestinationPort"),
  );
  const station = textOf(draft, "WorkstationName", "Workstation", "ClientName");
  if (station !== undefined) {
    const name = station.startsWith("\\\\") ? station.slice(2) : station;
    if (isAddress(name)) putEnd(draft, "source", name, undefined);
    else put(groupOf(draft, "source"), "domain", name);
  }
  const { code } = draft;
  const server = code === "4648" ? textOf(draft, "TargetServerName") : undefined;
  if (server !== undefined && server !== "localhost") put(groupOf(draft, "destination"), "domain", server);
  if (!code.startsWith("515") && code !== "5148") return;
  const network = groupOf(draft, "network");
  const number = textOf(draft, "Protocol");
  if (number !== undefined) {
    put(network, "iana_number", number);
    put(network, "transport", TRANSPORTS.get(number));
  }
  const direction = textOf(draft, "Direction");
  if (direction === "%%14592" || direction === "Inbound") put(network, "direction", "ingress");
  if (direction === "%%14593" || direction === "Outbound") put(network, "direction", "egress");
}

/** The station that calls is the source; what Windows calls the client is the access point or the switch. */
function writeCaller(draft: WindowsDraft): void {
  const calling = textOf(draft, "CallingStationID");
  const source = groupOf(draft, "source");
  if (calling !== undefined && isAddress(calling)) putEnd(draft, "source", calling, undefined);
  else if (calling !== undefined && /^(?:[0-9A-F]{2}-){5}[0-9A-F]{2}$/.test(macOf(calling)))
    put(source, "mac", macOf(calling));
  put(source, "domain", textOf(draft, "SubjectMachineName"));
  const server = textOf(draft, "AuthenticationServer");
  if (server !== undefined) put(groupOf(draft, "destination"), "domain", server);
}

/** A file, a registry key, or what lies in a share. */
function writeObject(draft: WindowsDraft): void {
  const name = textOf(draft, "ObjectName");
  const type = textOf(draft, "ObjectType");
  if (name !== undefined && (type === "Key" || draft.code === "4657")) {
    const registry = groupOf(draft, "registry");
    put(registry, "path", name);
    put(registry, "value", textOf(draft, "ObjectValueName"));
    const data = textOf(draft, "NewValue");
    if (data !== undefined) put(registry, "data", { strings: [data] });
  } else if (type === "File") putPath(draft, name);
  const inShare = textOf(draft, "RelativeTargetName");
  if (inShare !== undefined && draft.code === "5145") putPath(draft, inShare);
}
