import type { Alert } from "../../../agent/core/alert.ts";
import { isAddress } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { macOf } from "../../shared/mac-of.ts";
import { geoOf } from "./geo-of.ts";
import { putText, toldText } from "./told-text.ts";

type User = NonNullable<Alert["user"]>;

/** Writes the device that the event is about, the cloud it is in, and who acted upon whom. */
export function writeHost(draft: Draft, document: JsonObject): void {
  const { alert } = draft;
  const { device, cloud } = document;
  if (isObject(device)) {
    const host = hostOf(draft, device);
    if (!isEmpty(host)) alert.host = host;
  }
  if (isObject(cloud)) {
    const account: { id?: string; name?: string } = {};
    if (!putText(draft, account, "id", at(cloud, "account", "uid")))
      putText(draft, account, "id", cloud.account_uid);
    putText(draft, account, "name", at(cloud, "account", "name"));
    const told: NonNullable<Alert["cloud"]> = {};
    const provider = toldText(cloud.provider);
    if (provider !== undefined) told.provider = clip(draft, provider).toLowerCase();
    putText(draft, told, "region", cloud.region);
    putText(draft, told, "availability_zone", cloud.zone);
    const project: { id?: string } = {};
    if (putText(draft, project, "id", cloud.project_uid)) told.project = project;
    if (!isEmpty(account)) told.account = account;
    const instance =
      toldText(at(device, "instance_uid")) ?? toldText(at(document.src_endpoint, "instance_uid"));
    if (instance !== undefined) told.instance = { id: clip(draft, instance) };
    alert.cloud = told;
  }
  writeUsers(draft, document);
}

function hostOf(draft: Draft, device: JsonObject): NonNullable<Alert["host"]> {
  const host: NonNullable<Alert["host"]> = {};
  const ip = toldText(device.ip);
  const hostname = toldText(device.hostname) ?? toldText(device.name);
  putText(draft, host, "name", hostname ?? ip);
  putText(draft, host, "hostname", hostname);
  if (ip !== undefined && isAddress(ip)) host.ip = [ip];
  const cards = Array.isArray(device.network_interfaces) ? device.network_interfaces.slice(0, 16) : [];
  const macs = new Set(
    [device.mac, ...cards.map((card) => at(card, "mac"))]
      .map(toldText)
      .filter((mac) => mac !== undefined)
      .map((mac) => macOf(clip(draft, mac))),
  );
  if (macs.size > 0) host.mac = [...macs];
  const geo = geoOf(draft, device.location);
  if (geo !== undefined) host.geo = geo;
  putText(draft, host, "id", device.uid);
  putText(draft, host, "domain", device.domain);
  putText(draft, host, "type", device.type);
  if (isObject(device.os)) {
    host.os = {};
    putText(draft, host.os, "name", device.os.name);
    const type = OS_TYPES.get(device.os.type_id) ?? toldText(device.os.type)?.toLowerCase();
    putText(draft, host.os, "type", type);
    putText(draft, host.os, "version", toldText(device.os.version) ?? device.os.build);
  }
  return host;
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
  const user =
    (OF_USER.has(uid)
      ? same(subject, actor)
        ? { ...actor, ...subject }
        : (subject ?? actor)
      : (actor ?? (UPON_USER.has(uid) ? undefined : subject) ?? ofProcess)) ?? {};
  if (UPON_USER.has(uid) && subject !== undefined) user.target = subject;
  if (!isEmpty(user)) draft.alert.user = user;
  const group = toldText(at(document, "group", "name"));
  if (group !== undefined) draft.alert.group = { name: clip(draft, group) };
}

/** Who acts is whom it is about: what either tells is of both. */
function same(subject: User | undefined, actor: User | undefined): boolean {
  return subject?.id !== undefined && subject.id === actor?.id;
}

function userOf(draft: Draft, value: unknown): User | undefined {
  if (!isObject(value)) return undefined;
  const user: User = {};
  putText(draft, user, "name", value.name);
  putText(draft, user, "id", value.uid);
  putText(draft, user, "domain", value.domain);
  putText(draft, user, "email", value.email_addr);
  putText(draft, user, "full_name", value.full_name);
  return isEmpty(user) ? undefined : user;
}
