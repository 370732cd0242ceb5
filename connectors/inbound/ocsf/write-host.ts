import type { Alert } from "../../../agent/core/alert.ts";
import { isAddress } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isObject, type JsonObject } from "../../shared/json.ts";
import { toldText } from "./told-text.ts";

type User = NonNullable<Alert["user"]>;

/** Writes the device that the event is about, the cloud it is in, and who acted upon whom. */
export function writeHost(draft: Draft, document: JsonObject): void {
  const { alert } = draft;
  const { device, cloud } = document;
  const text = (value: unknown, ...path: string[]) => {
    const found = toldText(at(value, ...path));
    return found === undefined ? undefined : clip(draft, found);
  };
  if (isObject(device)) {
    const host: NonNullable<Alert["host"]> = {};
    const name = text(device, "name");
    const hostname = text(device, "hostname");
    const ip = text(device, "ip");
    host.name = hostname ?? name ?? ip;
    host.hostname = hostname ?? name;
    if (ip !== undefined && isAddress(ip)) host.ip = [ip];
    const mac = text(device, "mac");
    if (mac !== undefined) host.mac = [mac.replaceAll(":", "-").toUpperCase()];
    host.id = text(device, "uid");
    host.domain = text(device, "domain");
    host.type = text(device, "type");
    if (isObject(device.os)) {
      const type = OS_TYPES.get(device.os.type_id) ?? text(device.os, "type")?.toLowerCase();
      host.os = strip({
        name: text(device.os, "name"),
        type,
        version: text(device.os, "version") ?? text(device.os, "build"),
      });
    }
    const told = strip(host);
    if (Object.keys(told).length > 0) alert.host = told;
  }
  if (isObject(cloud)) {
    const account = strip({
      id: text(cloud, "account", "uid") ?? text(cloud, "account_uid"),
      name: text(cloud, "account", "name"),
    });
    alert.cloud = strip({
      provider: text(cloud, "provider")?.toLowerCase(),
      region: text(cloud, "region"),
      account: Object.keys(account).length > 0 ? account : undefined,
    });
  }
  writeUsers(draft, document);
}

/** Families of operating systems that ECS names, by OCSF's number. */
const OS_TYPES = new Map<unknown, string>([
  [100, "windows"],
  [200, "linux"],
  [201, "android"],
  [300, "macos"],
  [301, "ios"],
]);

/** Who is the subject of these classes is `user`; elsewhere it is the actor. */
const OF_USER = new Set([3002, 3003]);
const UPON_USER = new Set([3001, 3005, 3006]);

function writeUsers(draft: Draft, document: JsonObject): void {
  const actor = userOf(draft, at(document, "actor", "user"));
  const subject = userOf(draft, document.user);
  const ofProcess =
    userOf(draft, at(document, "process", "user")) ?? userOf(draft, at(document, "actor", "process", "user"));
  const uid = Number(document.class_uid);
  const user: User = {
    ...(OF_USER.has(uid)
      ? (subject ?? actor)
      : (actor ?? (UPON_USER.has(uid) ? undefined : subject) ?? ofProcess)),
  };
  if (UPON_USER.has(uid) && subject !== undefined) user.target = subject;
  if (Object.keys(user).length > 0) draft.alert.user = user;
  const group = toldText(at(document, "group", "name"));
  if (group !== undefined) draft.alert.group = { name: clip(draft, group) };
}

function userOf(draft: Draft, value: unknown): User | undefined {
  if (!isObject(value)) return undefined;
  const user: User = {};
  for (const [name, from] of [
    ["name", "name"],
    ["id", "uid"],
    ["domain", "domain"],
    ["email", "email_addr"],
    ["full_name", "full_name"],
  ] as const) {
    const text = toldText(value[from]);
    if (text !== undefined) user[name] = clip(draft, text);
  }
  return Object.keys(user).length === 0 ? undefined : user;
}

/** Without the members that say nothing. */
function strip<T extends object>(group: T): T {
  for (const key in group) if (group[key] === undefined) delete group[key];
  return group;
}
