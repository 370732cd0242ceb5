import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SecretSource } from "../connectors/contract.ts";
import { readSecret } from "./read-secret.ts";

const base = mkdtempSync(join(tmpdir(), "tocsin-secrets-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const VALUE = "a value that is long enough";
mkdirSync(join(base, "credentials"));
for (const [name, text] of [
  ["plain", `${VALUE}\n`],
  ["short", "0123456789"],
  ["empty", " \n"],
  ["large", "x".repeat(1024 * 1024 + 1)],
  ["credentials/soc", VALUE],
] as const)
  writeFileSync(join(base, name), text, { mode: 0o600 });
execFileSync("mkfifo", [join(base, "pipe")]);

const environment = {
  TOKEN: ` ${VALUE}\n`,
  SHORT: "0123456789",
  CREDENTIALS_DIRECTORY: join(base, "credentials"),
};
const read = (source: SecretSource, given = environment as Record<string, string>) =>
  readSecret(source, { base, environment: given, least: 16 });

describe("readSecret", () => {
  it.each<[string, SecretSource]>([
    ["a file beside the configuration", { file: "plain" }],
    ["the environment", { env: "TOKEN" }],
    ["a credential of systemd", { credential: "soc" }],
  ])("reads from %s, without the end of its line", (_, source) => {
    expect(read(source).secret?.reveal()).toBe(VALUE);
  });

  it.each<[string, SecretSource, RegExp, RegExp]>([
    ["a file that is not there", { file: "none" }, /ENOENT.*none/, /create the file/],
    ["a file of blanks", { file: "empty" }, /empty is empty/, /put the secret there/],
    ["a file too short", { file: "short" }, /short holds fewer than 16 characters/, /openssl rand/],
    ["a file too large", { file: "large" }, /larger than 1048576 bytes/, /alone/],
    ["a folder", { file: "." }, /not a regular file/, /create the file/],
    ["a pipe, which it does not wait for", { file: "pipe" }, /not a regular file/, /create the file/],
    ["a device, which never ends", { file: "/dev/zero" }, /not a regular file/, /create the file/],
    ["a variable that is not set", { env: "NONE" }, /the environment has no NONE/, /set it/],
    [
      "a variable too short",
      { env: "SHORT" },
      /SHORT of the environment holds fewer than 16/,
      /openssl rand/,
    ],
    [
      "a credential that the unit does not have",
      { credential: "none" },
      /ENOENT/,
      /LoadCredential=none:FILE/,
    ],
  ])("says what is wrong with %s, and what to do", (_, source, wrong, todo) => {
    const { secret, problem, remedy } = read(source) as { secret?: unknown; problem: string; remedy: string };
    expect(secret).toBeUndefined();
    expect(problem).toMatch(wrong);
    expect(remedy).toMatch(todo);
    expect(problem + remedy).not.toContain("0123456789");
  });

  it("looks where systemd puts those of the service, when run beside it", () => {
    expect(read({ credential: "soc" }, {}).problem).toContain("/run/credentials/tocsin.service/soc");
  });
});

it("names no credential outside of the folder", () => {
  for (const credential of ["../soc", "a/b", "..", ".hidden", "", "a\0b"])
    expect(SecretSource.safeParse({ credential }).success, credential).toBe(false);
});
