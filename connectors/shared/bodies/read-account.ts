import type { Draft } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { readSaying, saying } from "./read-saying.ts";
import { tellUser } from "./tell.ts";

const AUTH = "authentication";
const IAM = "iam";

/** What shadow-utils, util-linux and their like write of accounts, and su and login of who becomes whom. */
const SAYINGS = [
  saying(
    /^new user: name=(?<target>[^,]{1,256}), UID=(?<targetId>\d{1,10}), GID=(?<gid>\d{1,10}), home=(?<home>[^,]{0,1024}), shell=(?<shell>[^,]{0,1024})(?:, from=(?<from>.{0,256}))?$/,
    "user_added",
    IAM,
    "user creation",
    "success",
  ),
  saying(
    /^failed adding user '(?<target>[^']{1,256})', (?<reason>.{1,256})$/,
    "user_added",
    IAM,
    "user creation",
    "failure",
  ),
  saying(
    /^(?:new group|group added to (?<file>[^:\s]{1,1024})): name=(?<group>[^,]{1,256})(?:, GID=(?<gid>\d{1,10}))?$/,
    "group_added",
    IAM,
    "group creation",
    "success",
  ),
  saying(
    /^(?:group '(?<group>[^']{1,256})' removed(?: from (?<file>\S{1,1024}))?|removed (?:shadow )?group '(?<removed_group>[^']{1,256})' .{1,600})$/,
    "group_removed",
    IAM,
    "group deletion",
    "success",
  ),
  saying(
    /^group changed in (?<file>\S{1,1024}) \(group (?<group>[^/)]{1,256})\/(?<gid>\d{1,10}).{0,600}\)$/,
    "group_changed",
    IAM,
    "group change",
    "success",
  ),
  saying(
    /^add '(?<target>[^']{1,256})' to (?:shadow )?group '(?<group>[^']{1,256})'$/,
    "group_member_added",
    IAM,
    "group change",
    "success",
  ),
  saying(
    /^delete '(?<target>[^']{1,256})' from (?:shadow )?group '(?<group>[^']{1,256})'$/,
    "group_member_removed",
    IAM,
    "group change",
    "success",
  ),
  saying(
    /^user (?<target>\S{1,256}) added by (?<user>\S{1,256}) to group (?<group>\S{1,256})$/,
    "group_member_added",
    IAM,
    "group change",
    "success",
  ),
  saying(
    /^user (?<target>\S{1,256}) removed by (?<user>\S{1,256}) from group (?<group>\S{1,256})$/,
    "group_member_removed",
    IAM,
    "group change",
    "success",
  ),
  saying(
    /^members of group (?<group>\S{1,256}) set by (?<user>\S{1,256}) to (?<members>.{0,2048})$/,
    "group_changed",
    IAM,
    "group change",
    "success",
  ),
  saying(/^delete user '(?<target>[^']{1,256})'$/, "user_deleted", IAM, "user deletion", "success"),
  saying(/^lock user '(?<target>[^']{1,256})' password$/, "user_locked", IAM, "user change", "success"),
  saying(/^unlock user '(?<target>[^']{1,256})' password$/, "user_unlocked", IAM, "user change", "success"),
  saying(
    /^change(?:d)? user '(?<target>[^']{1,256})' password$/,
    "password_changed",
    IAM,
    "user change",
    "success",
  ),
  saying(
    /^changed? user (?:name )?'(?<target>[^']{1,256})' (?<change>.{1,1024})$/,
    "user_changed",
    IAM,
    "user change",
    "success",
  ),
  saying(/^changed password expiry for (?<target>\S{1,256})$/, "user_changed", IAM, "user change", "success"),
  saying(
    /^password for '?(?<target>[^\s']{1,256})'? changed by '?(?<user>[^\s']{1,256})'?$/,
    "password_changed",
    IAM,
    "user change",
    "success",
  ),
  saying(
    /^(?<reason>password check failed) for user \(?(?<user>[^\s()]{1,256})\)?$/,
    AUTH,
    AUTH,
    "info",
    "failure",
  ),
  // su of shadow, of util-linux, of BSD
  saying(/^Successful su for (?<as>\S{1,256}) by (?<user>\S{1,256})$/, "su", AUTH, "start", "success"),
  saying(/^FAILED su for (?<as>\S{1,256}) by (?<user>\S{1,256})$/, "su", AUTH, "info", "failure"),
  saying(/^\+ (?<tty>\S{1,256}) (?<user>[^\s:]{1,256}):(?<as>\S{1,256})$/, "su", AUTH, "start", "success"),
  saying(/^- (?<tty>\S{1,256}) (?<user>[^\s:]{1,256}):(?<as>\S{1,256})$/, "su", AUTH, "info", "failure"),
  saying(
    /^\(to (?<as>[^\s)]{1,256})\) (?<user>\S{1,256}) on (?<tty>\S{1,256})$/,
    "su",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^FAILED SU \(to (?<as>[^\s)]{1,256})\) (?<user>\S{1,256}) on (?<tty>\S{1,256})$/,
    "su",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^BAD SU (?<user>\S{1,256}) to (?<as>\S{1,256}) on (?<tty>\S{1,256})$/,
    "su",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^failed: (?<tty>\S{1,256}) changing from (?<user>\S{1,256}) to (?<as>\S{1,256})$/,
    "su",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^'su (?<as>\S{1,256})' failed for (?<user>\S{1,256}) on (?<tty>\S{1,256})$/,
    "su",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^'su (?<as>\S{1,256})' succeeded for (?<user>\S{1,256}) on (?<tty>\S{1,256})$/,
    "su",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^(?<user>\S{1,256}) to (?<as>\S{1,256}) on (?<tty>\/dev\/\S{1,256})$/,
    "su",
    AUTH,
    "start",
    "success",
  ),
  // login
  saying(
    /^(?<user>ROOT) LOGIN {1,2}ON '?(?<tty>[^\s']{1,256})'?(?: FROM '?(?<host>[^\s']{1,256})'?)?$/i,
    "login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^LOGIN ON (?<tty>\S{1,256}) BY (?<user>\S{1,256})(?: FROM (?<host>\S{1,256}))?$/,
    "login",
    AUTH,
    "start",
    "success",
  ),
  saying(
    /^FAILED LOGIN (?:SESSION |\(?\d{1,6}\)? ?)?(?:on '(?<tty>[^']{0,256})' )?(?:FROM '?(?<host>[^\s']{1,256})'? |from '(?<from>[^']{1,256})' )?FOR '?(?<user>.{0,256}?)'?, (?<reason>[A-Za-z][^,]{1,256})$/,
    "login",
    AUTH,
    "info",
    "failure",
  ),
  saying(
    /^(?<reason>TOO MANY LOGIN TRIES) \(\d{1,6}\)(?: on '(?<tty>[^']{0,256})')?(?: FOR '(?<user>.{0,256})')?/,
    "login",
    AUTH,
    "info",
    "failure",
  ),
  // doas
  saying(
    /^(?<user>\S{1,256}) ran command (?<command>.{1,3000}) as (?<as>\S{1,256}) from (?<directory>.{1,1024})$/,
    "doas_command",
    "process",
    "start",
    "success",
  ),
  saying(
    /^(?<reason>command not permitted) for (?<user>\S{1,256}): (?<command>.{1,3000})$/,
    "doas_command",
    "process",
    "denied",
    "failure",
  ),
  saying(
    /^(?<reason>failed (?:auth|password)) for (?<user>\S{1,256})$/,
    "doas_command",
    "authentication",
    "info",
    "failure",
  ),
];

/** Reads what programs that add, change and switch accounts say: useradd and its kin, passwd, su, login, doas. */
export const readAccount = (draft: Draft, message: string): void => {
  if (readPam(draft, message)) return;
  if (!readSaying(draft, SAYINGS, message)) return;
  const { user } = draft.alert;
  // These lines name no one but the account: it is whom they are about.
  if (user?.target?.name !== undefined && user.name === undefined)
    tellUser(draft, { name: user.target.name });
};
