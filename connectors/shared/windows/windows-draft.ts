import type { Alert } from "../../../agent/core/alert.ts";
import { isAddress, portOf, putAddress, wholeNumber } from "../address.ts";
import { clip, type Draft } from "../draft.ts";
import { isEmpty } from "../json.ts";

/** A Windows event being written: its own names are in `fields` already. */
export interface WindowsDraft extends Draft {
  code: string;
  /** Groups that the alert did not have, until something stands in them. */
  begun: Groups;
}

type Groups = Pick<
  Alert,
  "process" | "user" | "file" | "registry" | "source" | "destination" | "dns" | "service" | "network"
>;

export type User = NonNullable<Alert["user"]>;
export type Process = NonNullable<Alert["process"]>;
type Hash = NonNullable<Process["hash"]>;

/** The text of the first of these names that says something; a dash is how Windows says that there is nothing. */
export function textOf(
  draft: Draft,
  name: string,
  second?: string,
  third?: string,
  fourth?: string,
): string | undefined {
  const value = draft.fields[name];
  if (typeof value === "string" && value !== "" && value !== "-") return clip(draft, value);
  if (typeof value === "number") return String(value);
  return second === undefined ? undefined : textOf(draft, second, third, fourth);
}

/** Windows writes process numbers as numbers, decimal text, or `0x1a4`. */
export function numberOf(
  draft: Draft,
  name: string,
  second?: string,
  third?: string,
  fourth?: string,
): number | undefined {
  const text = textOf(draft, name, second, third, fourth);
  if (text === undefined) return undefined;
  const number = /^0x[0-9a-f]{1,12}$/i.test(text) ? Number.parseInt(text, 16) : wholeNumber(text);
  // Zero is how Windows says that there is no process.
  return number === 0 ? undefined : number;
}

/** Writes a member unless it is there. */
export function put<T extends object, K extends keyof T>(group: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined && group[key] === undefined) group[key] = value;
}

/** A group of the alert, begun when it is first asked for. */
export function groupOf<K extends keyof Groups>(draft: WindowsDraft, name: K): NonNullable<Groups[K]> {
  const group: Groups[K] = draft.alert[name] ?? draft.begun[name];
  if (group !== undefined) return group as NonNullable<Groups[K]>;
  const begun = {} as NonNullable<Groups[K]>;
  draft.begun[name] = begun as Groups[K];
  return begun;
}

/** Puts the groups that something was written to into the alert. */
export function keepBegun({ alert, begun }: WindowsDraft): void {
  for (const name in begun) {
    const group = begun[name as keyof Groups];
    if (group !== undefined && !isEmpty(group)) (alert as Record<string, unknown>)[name] = group;
  }
}

/** Writes an image's path and, from it, its name. */
export function putImage(
  process: { executable?: string | undefined; name?: string | undefined },
  path: string | undefined,
): void {
  if (path === undefined) return;
  put(process, "executable", path);
  put(process, "name", baseName(path));
}

/** The program that a command line begins with, when it tells where it ends. */
export function programOf(command: string | undefined): string | undefined {
  const found = /^(?:"([^"]{1,512}\.(?:exe|sys))"|([^"]{1,512}?\.(?:exe|sys))(?= |$))/i.exec(
    command?.slice(0, 600) ?? "",
  );
  return found?.[1] ?? found?.[2];
}

/** Writes what a service runs, when it is more than the path of a program. */
export function putCommand(process: Process, command: string | undefined): void {
  if (command !== undefined && /[ "]/.test(command) && programOf(command) !== command)
    put(process, "command_line", command);
}

/** Writes the rule of the product that an event tells of, with or without braces around its number. */
export function putRule({ alert }: Draft, name: string | undefined, id: string | undefined): void {
  const rule: NonNullable<Alert["rule"]> = { ...alert.rule };
  put(rule, "name", name);
  if (id !== undefined && !/^\{?[0-]{36}\}?$/.test(id)) put(rule, "id", id);
  if (!isEmpty(rule)) alert.rule = rule;
}

/** Writes a file's path and what its end tells. */
export function putPath(draft: WindowsDraft, path: string | undefined): void {
  if (path === undefined) return;
  const file = groupOf(draft, "file");
  put(file, "path", path);
  const name = baseName(path);
  if (name !== "" && name.length + 1 < path.length && file.path === path)
    put(file, "directory", path.slice(0, -name.length - 1));
  if (name !== "") put(file, "name", name);
  const dot = name.lastIndexOf(".");
  if (dot > 0 && dot < name.length - 1 && name.length - dot <= 16)
    put(file, "extension", name.slice(dot + 1));
}

/** Writes an account: as `DOMAIN\\name`, as a name with its domain beside it, or as the SID alone that some logs write. */
export function putAccount(
  user: Pick<User, "name" | "domain" | "id">,
  whole: string | undefined,
  domain?: string | undefined,
  id?: string | undefined,
): void {
  if (whole !== undefined && SID.test(whole)) put(user, "id", whole);
  else if (whole !== undefined) {
    const slash = whole.indexOf("\\");
    put(user, "name", whole.slice(slash + 1));
    if (slash > 0) put(user, "domain", whole.slice(0, slash));
  }
  put(user, "domain", domain);
  put(user, "id", id);
}

const SID = /^S-1-\d{1,15}(?:-\d{1,10}){1,15}$/;

/** Writes the account whose names begin so: `SubjectUserName`, `SubjectDomainName`, `SubjectUserSid`. */
export function putPrefixed(
  draft: Draft,
  user: Pick<User, "name" | "domain" | "id">,
  prefix: "Subject" | "Target",
): void {
  putAccount(
    user,
    textOf(draft, `${prefix}UserName`),
    textOf(draft, `${prefix}DomainName`),
    textOf(draft, `${prefix}UserSid`, `${prefix}Sid`),
  );
}

/** Writes an address and a port as one end of a connection. */
export function putEnd(
  draft: WindowsDraft,
  side: "source" | "destination",
  address: string | undefined,
  port: string | undefined,
): void {
  const end = groupOf(draft, side);
  if (address !== undefined && address !== "LOCAL") putAddress(end, plainAddress(address));
  const number = portOf(port ?? "");
  // Windows writes port 0 for a logon that came over no network.
  if (number !== undefined && number > 0) end.port ??= number;
}

/** `::ffff:192.0.2.1` is how Windows writes an IPv4 address. */
export function plainAddress(address: string): string {
  if (!/^::ffff:\d/i.test(address)) return address;
  const plain = address.slice(7);
  return isAddress(plain) ? plain : address;
}

/** `MD5=…,SHA256=…,IMPHASH=…` as Sysmon writes it. */
export function hashesOf(text: string | undefined): { hash?: Hash; imphash?: string } {
  if (text === undefined) return {};
  const hash: Hash = {};
  let imphash: string | undefined;
  for (const part of text.slice(0, 1024).toLowerCase().split(",")) {
    const equals = part.indexOf("=");
    const kind = part.slice(0, Math.max(equals, 0)).trim();
    const value = part.slice(equals + 1).trim();
    if (value === "" || (value.startsWith("0") && /^0+$/.test(value))) continue;
    if (kind === "md5" || kind === "sha1" || kind === "sha256") hash[kind] = value;
    else if (kind === "imphash") imphash = value;
  }
  return {
    ...(isEmpty(hash) ? {} : { hash }),
    ...(imphash === undefined ? {} : { imphash }),
  };
}

/** The end of a path of either kind. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/")) + 1);
}
