import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./documents.ts";
import { onPath, type Peer, peer } from "./peer.ts";

/** What a root of its own needs; an ordinary user may make none. */
export const BARE: readonly Peer[] = [
  peer("unshare", "unshare", "apt-get install util-linux"),
  peer("ldd", "ldd", "apt-get install libc-bin"),
  peer("ip", "ip", "apt-get install iproute2"),
  { name: "root", command: "id", install: "run as root", present: process.getuid?.() === 0 },
];

/** A file system with nothing in it but some programs and what they are linked to; no network, and no other process. */
export interface BareRoot {
  folder: string;
  /** Runs a line of a shell in it, to its end; whatever it leaves is killed. */
  run(
    line: string,
    environment?: Record<string, string>,
  ): { status: number | null; stdout: string; stderr: string };
}

/** Makes one in a folder, with these programs of this machine and what a shell needs. */
export function makeBareRoot(folder: string, programs: readonly string[]): BareRoot {
  for (const name of [
    "bin",
    "usr/bin",
    "usr/sbin",
    "usr/local/bin",
    "etc/systemd/system",
    "dev",
    "proc",
    "opt",
    "root",
    "var/lib",
    "run",
  ])
    mkdirSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, "tmp"), { mode: 0o1777 });
  execFileSync("chmod", ["1777", join(folder, "tmp")]);
  for (const [name, minor] of [
    ["null", 3],
    ["zero", 5],
    ["random", 8],
    ["urandom", 9],
  ] as const)
    execFileSync("mknod", ["-m", "666", join(folder, "dev", name), "c", "1", String(minor)]);
  for (const name of ["sh", "ip", ...programs]) putProgram(folder, name);
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(folder, "etc/group"), "root:x:0:\n");
  writeFileSync(join(folder, "etc/hosts"), "127.0.0.1 localhost\n");
  const words = (line: string) => [
    ...["--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child", `--root=${folder}`, "--mount-proc"],
    ...["/bin/sh", "-c", `ip link set lo up && cd /root && ${line}`],
  ];
  const env = { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/bin", HOME: "/root" };
  return {
    folder,
    run: (line, more = {}) =>
      spawnSync("unshare", words(line), {
        // `unshare` itself is found by our own path.
        env: { ...env, ...more, PATH: `${env.PATH}:${process.env.PATH}` },
        encoding: "utf8",
        timeout: 120_000,
        input: "",
      }),
  };
}

/** Copies a program to where it stands here, and every library that it is linked to. */
function putProgram(folder: string, name: string): void {
  const found = name.startsWith("/") ? name : onPath(name);
  if (found === undefined) throw new Error(`${name} is not here`);
  const target = name === "sh" ? "/bin/sh" : found;
  put(folder, realpathSync(found), target);
  putLibraries(folder, found);
}

/** Copies what a program is linked to, and not the program. */
export function putLibraries(folder: string, program: string): void {
  const linked = spawnSync("ldd", [program], { encoding: "utf8" }).stdout;
  for (const [library] of linked.matchAll(/\/\S+(?= \(0x)/g)) put(folder, realpathSync(library), library);
}

function put(folder: string, from: string, to: string): void {
  const target = join(folder, to);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
}

/** The packages that run, by the lockfile, as far as they are here: folders under the checkout, with those inside of them. */
export function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  return Object.entries(packages).flatMap(([path, { dev }]) =>
    path === "" ||
    dev === true ||
    path.includes("/node_modules/node_modules/") ||
    !existsSync(join(ROOT, path))
      ? []
      : [path],
  );
}
