import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { onPath, type Peer } from "./peer.ts";

/** Hosts of a network of their own, each a network namespace, and this process as one more of them. */
export interface Network {
  /** Where this process is reached from the others. */
  here: string;
  address(host: string): string;
  /** What goes before a command to run it on a host. */
  on(host: string): string[];
  /** Drops what goes from one host to the other, without a word; both ways unless told. */
  cut(from: string, to: string, ways?: "one" | "both"): void;
  heal(from: string, to: string): void;
  healAll(): void;
  /** Has the address of a host lead to another one, as a virtual address does; nobody reaches the first any more. */
  moveAddress(from: string, to: string): void;
  /** Takes all of it away; what still runs there keeps a namespace without a network. */
  close(): Promise<void>;
}

/** The name of this process among the hosts. */
export const HERE = "here";

/** Nobody has this address: what is sent there is lost. */
const NOBODY = "02:00:00:00:ff:ff";

/** The right to make network namespaces, and the program that joins them. */
export const networkNamespaces: Peer = {
  name: "the right to make network namespaces",
  command: "ip",
  install: "apt-get install iproute2, as root",
  present: mayMake(),
};

function mayMake(): boolean {
  if (process.getuid?.() !== 0 || onPath("ip") === undefined || onPath("nsenter") === undefined) return false;
  try {
    execFileSync(
      "unshare",
      ["-n", "sh", "-c", "ip link add b0 type bridge && ip link add v0 type veth peer v1"],
      {
        stdio: "ignore",
      },
    );
    return true;
  } catch {
    return false;
  }
}

/** Makes hosts on one bridge; they are gone when this process is, however it ends. */
export async function openNetwork(names: readonly string[]): Promise<Network> {
  const place = freePlace();
  // RFC 2544 keeps 198.18.0.0/15 for networks of tests.
  const subnet = `198.18.${place}`;
  const hosts = [HERE, ...names];
  const numberOf = (host: string) => {
    const index = hosts.indexOf(host);
    if (index < 0) throw new Error(`no host is called ${host}`);
    return index + 1;
  };
  const address = (host: string) => `${subnet}.${numberOf(host)}`;
  const hardware = (host: string) => `02:00:00:00:00:${numberOf(host).toString(16).padStart(2, "0")}`;

  const bridge = await holdNamespace();
  const held = new Map<string, ChildProcess>();
  for (const name of names) held.set(name, await holdNamespace());
  const inside = (child: ChildProcess) => ["nsenter", "-t", String(child.pid), "-n"];
  const holderOf = (host: string) => held.get(host) as ChildProcess;
  const wordsOf = (host: string) => (host === HERE ? [] : inside(holderOf(host)));
  const device = (host: string) => (host === HERE ? deviceOf(place) : "eth0");

  batch(inside(bridge), ["link add br0 type bridge", "link set br0 up"]);
  for (const host of hosts) {
    const port = `p${numberOf(host)}`;
    const into = host === HERE ? process.pid : holderOf(host).pid;
    batch(inside(bridge), [
      `link add ${port} type veth peer name ${device(host)} address ${hardware(host)} netns ${into}`,
      `link set ${port} master br0 up`,
    ]);
    const others = hosts.filter((other) => other !== host);
    batch(wordsOf(host), [
      ...(host === HERE ? [] : ["link set lo up"]),
      `addr add ${address(host)}/24 dev ${device(host)}`,
      `link set ${device(host)} up`,
      ...others.map((other) => neighbour(host, other, hardware(other))),
    ]);
  }

  function neighbour(host: string, other: string, at: string): string {
    return `neigh replace ${address(other)} lladdr ${at} dev ${device(host)} nud permanent`;
  }
  const cuts = new Set<string>();
  function cut(from: string, to: string, ways: "one" | "both" = "both"): void {
    batch(wordsOf(from), [neighbour(from, to, NOBODY)]);
    cuts.add(`${from} ${to}`);
    if (ways === "both") cut(to, from, "one");
  }
  function heal(from: string, to: string): void {
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      if (cuts.delete(`${one} ${other}`)) batch(wordsOf(one), [neighbour(one, other, hardware(other))]);
  }

  return {
    here: address(HERE),
    address,
    on: wordsOf,
    cut,
    heal,
    healAll() {
      for (const each of [...cuts]) {
        const [from = "", to = ""] = each.split(" ");
        heal(from, to);
      }
    },
    moveAddress(from, to) {
      const moved = `${address(from)}/24 dev`;
      batch(wordsOf(from), [`addr del ${moved} ${device(from)}`]);
      batch(wordsOf(to), [`addr add ${moved} ${device(to)}`]);
      for (const host of hosts)
        if (host !== from && host !== to) batch(wordsOf(host), [neighbour(host, from, hardware(to))]);
    },
    async close() {
      execFileSync("ip", ["link", "del", device(HERE)], { stdio: "ignore" });
      await Promise.all(
        [bridge, ...held.values()].map(async (child) => {
          child.stdin?.end();
          await once(child, "exit");
        }),
      );
    },
  };
}

const deviceOf = (place: number) => `tocsin${place}`;

/** Networks made at the same time each have a subnet of their own. */
function freePlace(): number {
  for (;;) {
    const place = randomInt(256);
    if (!existsSync(`/sys/class/net/${deviceOf(place)}`)) return place;
  }
}

/** A process that does nothing in a namespace of its own until its input ends, as it does when this process is gone. */
async function holdNamespace(): Promise<ChildProcess> {
  const child = spawn("unshare", ["-n", "sh", "-c", "echo here; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

function batch(words: readonly string[], commands: readonly string[]): void {
  const [program = "ip", ...given] = [...words, "ip", "-batch", "-"];
  execFileSync(program, given, { input: `${commands.join("\n")}\n`, stdio: ["pipe", "ignore", "inherit"] });
}
