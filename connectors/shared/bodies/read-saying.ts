import { isAddress } from "../address.ts";
import { type Draft, putField } from "../draft.ts";
import { macOf } from "../mac-of.ts";
import { putUrl } from "../web/put-url.ts";
import { type Happening, nameOf, tell, tellPeer, tellReason, tellUser } from "./tell.ts";

/**
 * One thing that a program says, and what it means.
 *
 * The groups of `text` name what is read: those of PUT go to ECS, others to `fields`.
 */
export interface Saying extends Happening {
  /** Anchored at both ends or bounded: it is given the first 4 096 characters of a message. */
  text: RegExp;
}

const LONGEST = 4096;

/** Where a group of a saying goes; the value is a part of the message as it stands. */
const PUT: Readonly<Record<string, (draft: Draft, value: string, groups: Groups) => void>> = {
  user: (draft, value) => tellUser(draft, { name: nameOf(draft, value) }),
  uid: (draft, value) => tellUser(draft, { id: value }),
  as: (draft, value) => tellUser(draft, { effective: { name: value } }),
  target: (draft, value) => tellUser(draft, { target: { ...draft.alert.user?.target, name: value } }),
  targetId: (draft, value) => tellUser(draft, { target: { ...draft.alert.user?.target, id: value } }),
  group: ({ alert }, value) => {
    alert.group = { ...alert.group, name: value };
  },
  gid: ({ alert }, value) => {
    alert.group = { ...alert.group, id: value };
  },
  host: (draft, value, { port }) => tellPeer(draft, "source", value, port),
  port: () => undefined,
  to: (draft, value, { toPort }) => tellPeer(draft, "destination", value, toPort),
  toPort: () => undefined,
  reason: tellReason,
  service: ({ alert }, value) => {
    alert.service = { ...alert.service, name: value };
  },
  command: ({ alert }, value) => {
    alert.process = { ...alert.process, command_line: value };
  },
  directory: ({ alert }, value) => {
    alert.process = { ...alert.process, working_directory: value };
  },
  file: ({ alert }, value) => {
    alert.file = { ...alert.file, path: value };
  },
  question: ({ alert }, value) => {
    alert.dns = { ...alert.dns, question: { ...alert.dns?.question, name: value } };
  },
  questionType: ({ alert }, value) => {
    alert.dns = { ...alert.dns, question: { ...alert.dns?.question, type: value } };
  },
  questionClass: ({ alert }, value) => {
    alert.dns = { ...alert.dns, question: { ...alert.dns?.question, class: value } };
  },
  client: ({ alert }, value) => {
    alert.client = { ...alert.client, address: value, ...(isAddress(value) ? { ip: value } : {}) };
  },
  mac: ({ alert }, value) => {
    alert.client = { ...alert.client, mac: macOf(value) };
  },
  rule: ({ alert }, value) => {
    alert.rule = { ...alert.rule, name: value };
  },
  url: putUrl,
  method: ({ alert }, value) => {
    alert.http = { ...alert.http, request: { ...alert.http?.request, method: value } };
  },
  status: ({ alert }, value) => {
    alert.http = { ...alert.http, response: { ...alert.http?.response, status_code: Number(value) } };
  },
};

type Groups = Record<string, string | undefined>;

/** Reads a message by the first saying that fits; false when none does. */
export function readSaying(draft: Draft, sayings: readonly Saying[], message: string): boolean {
  const line = message.length > LONGEST ? message.slice(0, LONGEST) : message;
  for (const saying of sayings) {
    const found = saying.text.exec(line);
    if (found === null) continue;
    tell(draft, saying);
    const groups: Groups = found.groups ?? {};
    for (const name in groups) {
      const value = groups[name];
      if (value === undefined || value === "") continue;
      const put = PUT[name];
      if (put === undefined) putField(draft, name, value);
      else put(draft, value, groups);
    }
    return true;
  }
  return false;
}

/** Builds a saying: its text, what it means in ECS words separated by spaces, and how it ended. */
export function saying(
  text: RegExp,
  action: string,
  category: string,
  type: string,
  outcome?: Happening["outcome"],
): Saying {
  return { text, action, category: category.split(" "), type: type.split(" "), outcome };
}
