import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { BARE, type BareRoot, makeBareRoot, productionPackages, putLibraries } from "../support/bare-root.ts";
import { fencesOf, ROOT } from "../support/documents.ts";
import { describePeer, peer } from "../support/peer.ts";

const NEEDED = [
  ...BARE,
  peer("logger", "logger", "apt-get install bsdutils"),
  peer("curl", "curl", "apt-get install curl"),
  peer("systemd-sysusers", "systemd-sysusers", "apt-get install systemd"),
  peer("setpriv", "setpriv", "apt-get install util-linux"),
];
/** What stands on a machine beside the program: the tools that the steps name, those of a shell script, and two clients. */
const TOOLS = [
  ...["tar", "gzip", "sha256sum", "ln", "install", "systemd-sysusers"],
  ...["chown", "chmod", "id", "dirname", "cat", "mkdir", "sed", "grep", "sleep", "env", "setpriv"],
  ...["logger", "curl"],
];
const NAME = "tocsin-0.1.0";
const ARCHIVE = `${NAME}-linux-x64.tar.gz`;
/** The steps of the document, as they stand, from the archive to the start. */
const STEPS =
  fencesOf("docs/fr/installation.md").find(({ lines }) => lines[0]?.startsWith("sha256sum -c"))?.lines ?? [];
const ANSWERS = {
  TOCSIN_FACILITY_ID: "ch-x",
  TOCSIN_FACILITY_NAME: "CH X",
  TOCSIN_PROFILE: "ch",
  TOCSIN_MODE: "exercise",
  TOCSIN_LOGIN: "anne.martin",
  TOCSIN_PERSON: "Anne Martin",
  TOCSIN_LISTEN: "0.0.0.0",
  TOCSIN_TLS_NAME: "localhost",
};

/** Stands for systemd, which does not run in a root: it starts what the unit starts, as the user that it names. */
const SYSTEMCTL = `#!/bin/sh
set -eu
unit=/etc/systemd/system/tocsin.service
value() { sed -n "s/^$1=//p" $unit; }
case "$*" in
daemon-reload) [ -f $unit ] ;;
"enable --now tocsin")
  user=$(value User)
  install -d -o "$user" -g "$user" -m 0700 /var/cache/tocsin
  cd "$(value WorkingDirectory)"
  env -i $(value Environment) setpriv --reuid="$user" --regid="$user" --init-groups --no-new-privs \\
    $(value ExecStart) 2>/root/log &
  echo $! >/root/pid
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -qs '"message":"ready"' /root/log && exit 0
    sleep 0.5
  done
  cat /root/log
  exit 1
  ;;
*) exit 2 ;;
esac
`;

let folder: string;
let bare: BareRoot;
let said = "";

describePeer(NEEDED, "a machine with nothing on it, without any network", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-bare-"));
    bare = makeBareRoot(join(folder, "root"), TOOLS);
    putLibraries(bare.folder, process.execPath);
    writeFileSync(join(bare.folder, "usr/local/bin/systemctl"), SYSTEMCTL, { mode: 0o755 });
    makeArchive(join(bare.folder, "root"));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("takes the documented steps as they stand, up to the start", { timeout: 120_000 }, () => {
    expect(STEPS.length).toBeGreaterThan(7);
    const upTo = STEPS.filter((line) => !line.startsWith("systemctl enable"));
    const lines = upTo.map((line) => (line === "tocsin init" ? `${line} >/root/said` : line));
    const done = bare.run(`set -e; ${lines.join("\n")}`, ANSWERS);
    expect(done).toMatchObject({ status: 0, stderr: expect.not.stringMatching(/error|refused/i) });
    expect(done.stdout).toContain("/etc/tocsin/tocsin.yml: no problem found");
    said = readFileSync(join(bare.folder, "root/said"), "utf8");
    expect(said).toMatch(/^Vérifier : tocsin check\nDémarrer : systemctl enable --now tocsin$/m);
  });

  it("leaves to root what the service only reads, to the service its state, and to root alone the authority's key", () => {
    const passwd = readFileSync(join(bare.folder, "etc/passwd"), "utf8");
    const uid = Number(/^tocsin:[^:]*:(\d+):/m.exec(passwd)?.[1]);
    const of = (file: string) => {
      const found = statSync(join(bare.folder, file));
      const name = (id: number) => ({ 0: "root", [uid]: "tocsin" })[id];
      return `${name(found.uid)}:${name(found.gid)} ${(found.mode & 0o777).toString(8)}`;
    };
    expect(
      Object.fromEntries(
        [
          ...[
            "etc/tocsin",
            "etc/tocsin/tocsin.yml",
            "etc/tocsin/secrets/wazuh.token",
            "etc/tocsin/tls/tocsin.key",
          ],
          ...["etc/tocsin/tls/autorite.key", "var/lib/tocsin", "var/lib/tocsin/signing-key.pem"],
        ].map((file) => [file, of(file)]),
      ),
    ).toEqual({
      "etc/tocsin": "root:tocsin 750",
      "etc/tocsin/tocsin.yml": "root:tocsin 640",
      "etc/tocsin/secrets/wazuh.token": "root:tocsin 640",
      "etc/tocsin/tls/tocsin.key": "root:tocsin 640",
      "etc/tocsin/tls/autorite.key": "root:root 600",
      "var/lib/tocsin": "tocsin:tocsin 700",
      "var/lib/tocsin/signing-key.pem": "tocsin:tocsin 600",
    });
  });

  it("starts what the unit starts, and takes the first alerts that init prints, as they are printed", {
    timeout: 120_000,
  }, async () => {
    const printed = said
      .split("\n")
      .filter((line) => /^ {2}(cat|logger|printf) /.test(line))
      .map((line) => line.trim());
    expect(printed).toHaveLength(3);
    const start = STEPS.find((line) => line.startsWith("systemctl enable")) ?? "";
    const stop =
      'pid=$(cat /root/pid); kill -TERM "$pid"; while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done';
    const done = bare.run(`set -e; ${[start, ...printed, "tocsin check", "sleep 2", stop].join("\n")}`);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toContain('"rejected":[]');
    expect(done.stdout).toContain("no problem found");
    const reads = openSqliteReads(join(bare.folder, "var/lib/tocsin/tocsin.sqlite"));
    const found = await reads.detectionsAfter("ch-x", 0, 100);
    expect([...new Set(found.map(({ alert }) => alert.source))].sort()).toEqual(["autre", "journaux"]);
    expect(await reads.byState("ch-x", "incident", [], { limit: 1 })).toHaveLength(1);
    reads.close();
  });

  it("renews the certificate as root, and leaves it readable to the service", () => {
    const before = readFileSync(join(bare.folder, "etc/tocsin/tls/tocsin.pem"), "utf8");
    expect(bare.run("tocsin certificate")).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(bare.folder, "etc/tocsin/tls/tocsin.pem"), "utf8")).not.toBe(before);
    expect(statSync(join(bare.folder, "etc/tocsin/tls/tocsin.key")).mode & 0o777).toBe(0o640);
    expect(statSync(join(bare.folder, "etc/tocsin/tls/autorite.key")).mode & 0o777).toBe(0o600);
  });
});

/** The archive of this checkout, committed or not, packed loosely: tarball.test.ts proves the archive itself. */
function makeArchive(into: string): void {
  const parts = [
    "agent",
    "config",
    "connectors",
    "deploy",
    "docs",
    "rules",
    "package.json",
    "package-lock.json",
  ];
  const list = join(folder, "list");
  writeFileSync(list, [...parts, "LICENSE", "node_modules/.bin/node", ...productionPackages()].join("\n"));
  const without = ["*.test.ts", "fixtures", "config/tocsin.yml", "config/secrets", "config/assets"];
  const pack = [
    ...[
      "--create",
      "--use-compress-program=gzip -1",
      `--file=${join(into, ARCHIVE)}`,
      "--owner=0",
      "--group=0",
    ],
    ...[
      `--transform=flags=rh;s,^,${NAME}/,`,
      ...without.map((each) => `--exclude=${each}`),
      `--files-from=${list}`,
    ],
  ];
  execFileSync("tar", pack, { cwd: ROOT });
  const sha256 = createHash("sha256")
    .update(readFileSync(join(into, ARCHIVE)))
    .digest("hex");
  writeFileSync(join(into, `${ARCHIVE}.sha256`), `${sha256}  ${ARCHIVE}\n`);
}
