import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseConfig } from "./load.ts";

const BASE = "facility: { id: chv, name: CH du Val, kind: etablissement_de_sante }\nmode: exercise\n";
const good = randomBytes(32).toString("base64");
const read = (section: string) =>
  parseConfig(`${BASE}encryption: ${section}\n`, "/x/tocsin.yml", { GOOD: good, LONG: "x".repeat(60) });

describe("encryption in a configuration", () => {
  it.each([
    ["{ keys: [{ id: a, key: { env: GOOD } }] }"],
    ["{ current: b, keys: [{ id: a, key: { env: GOOD } }, { id: b, command: [/usr/bin/kms, x] }] }"],
  ])("takes %s", (section) => {
    expect(read(section).problems).toBeUndefined();
  });

  it.each([
    ["{ keys: [] }", "keys"],
    ["{ keys: [{ id: a }] }", "one of key (file, env, credential) or command must be given"],
    ["{ keys: [{ id: a, key: { env: GOOD }, command: [/x] }] }", "one of key"],
    ["{ keys: [{ id: a, key: un secret }] }", "a secret is never written in the configuration"],
    ["{ keys: [{ id: 'a b', key: { env: GOOD } }] }", "letters, digits"],
    ["{ keys: [{ id: a, key: { env: LONG } }] }", "no key of 32 bytes in base64"],
    ["{ keys: [{ id: a, key: { env: NONE } }] }", "the environment has no NONE"],
    ["{ keys: [{ id: a, command: [kms] }] }", "would be looked for in PATH"],
    ["{ current: z, keys: [{ id: a, key: { env: GOOD } }] }", 'no key has the id "z"'],
    ["{ keys: [{ id: a, key: { env: GOOD } }, { id: a, command: [/x] }] }", '"a" is already used'],
  ])("refuses %s: %s", (section, because) => {
    const told = read(section).problems ?? [];
    expect(told.map(({ message }) => message).join("\n")).toContain(because);
    expect(JSON.stringify(told)).not.toContain(good);
  });
});
