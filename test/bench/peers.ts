import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { kernelDrops } from "../../agent/intake/kernel-drops.ts";
import { eventually } from "../support/daemon.ts";
import { onPath, type Peer, peer } from "../support/peer.ts";
import { RECORD_BYTES } from "./records.ts";
import type { Measure, Reading } from "./report.ts";
import { freePort, type Scene } from "./scene.ts";

const BESIDE = ".ci/unpack-syslog-ng /opt/tocsin-peers, and /opt/tocsin-peers/bin on PATH";
/** Where Debian and Red Hat keep rsyslog's modules. */
const MODULES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

export const rsyslog = peer("rsyslog", "rsyslogd", "apt-get install rsyslog");
export const imrelp: Peer = {
  name: "imrelp",
  command: "imrelp.so",
  install: "apt-get install rsyslog-relp",
  present: rsyslog.present && MODULES.some((folder) => existsSync(join(folder, "rsyslog/imrelp.so"))),
};
export const syslogNg = peer("syslog-ng", "syslog-ng", BESIDE);
export const alertmanager = peer(
  "Alertmanager",
  "prometheus-alertmanager",
  "apt-get install prometheus-alertmanager",
);

/** A program that writes each record that it receives to a file. */
export interface Sink {
  port: number;
  pid: number;
  /** Records in the file so far. */
  written(): number;
}

/** Measures a peer beside; undefined where it is missing, with what installs it. */
export async function beside(
  wanted: Peer,
  as: string,
  measure: () => Promise<Reading>,
): Promise<Pick<Measure, "against" | "peer">> {
  if (!wanted.present) return { against: `${wanted.name} is missing: ${wanted.install}`, peer: undefined };
  return { against: as, peer: await measure() };
}

/** Starts rsyslog; `more` are settings of its one input, `filter` stands before its one action. */
export async function startRsyslog(
  scene: Scene,
  input: "imudp" | "imtcp" | "imrelp",
  { more = "", filter = "" }: { more?: string; filter?: string } = {},
): Promise<Sink> {
  const folder = scene.folder("rsyslog");
  const port = await freePort();
  const address = input === "imtcp" ? "" : 'address="127.0.0.1"';
  writeFileSync(
    join(folder, "rsyslog.conf"),
    `global(workDirectory="${folder}")
main_queue(queue.type="FixedArray" queue.size="1000000" queue.dequeueBatchSize="1024")
module(load="${input}" ${input === "imtcp" ? 'MaxSessions="11000"' : ""})
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="${input}" port="${port}" ${address} ${more})
${filter}action(type="omfile" file="${folder}/written" template="raw")
`,
  );
  const files = ["-f", join(folder, "rsyslog.conf"), "-i", join(folder, "pid")];
  const { pid } = scene.start(onPath("rsyslogd") ?? "", ["-n", ...files]);
  return ready({ port, pid: pid ?? 0, file: join(folder, "written"), udp: input === "imudp" });
}

/** Starts syslog-ng with one TCP input and, when it is given, a filter: what defines it, and what uses it. */
export async function startSyslogNg(
  scene: Scene,
  filter: { define: string; use: string } = { define: "", use: "" },
): Promise<Sink> {
  const folder = scene.folder("syslog-ng");
  const at = (name: string) => join(folder, name);
  const port = await freePort();
  writeFileSync(
    at("syslog-ng.conf"),
    `@version: 3.35
options { stats-freq(0); };
source s_tcp { network(ip("127.0.0.1") transport("tcp") port(${port}) log-iw-size(100000) flags(syslog-protocol, store-raw-message)); };
destination d_file { file("${at("written")}" template("$RAWMSG\\n")); };
${filter.define}
log { source(s_tcp); ${filter.use} destination(d_file); flags(flow-control); };
`,
  );
  const files = ["-f", at("syslog-ng.conf"), "-R", at("persist"), "-c", at("control"), "-p", at("pid")];
  const { pid } = scene.start("syslog-ng", ["--foreground", ...files]);
  return ready({ port, pid: pid ?? 0, file: at("written"), udp: false });
}

async function ready(parts: { port: number; pid: number; file: string; udp: boolean }): Promise<Sink> {
  const { port, pid, file, udp } = parts;
  await eventually(`port ${port} of process ${pid} to be open`, async () => {
    if (udp) return kernelDrops({ address: "127.0.0.1", port });
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => undefined,
    );
    socket.destroy();
    return open;
  });
  return { port, pid, written: () => writtenTo(file) };
}

/** Records in a file so far. */
export function writtenTo(file: string): number {
  return Math.floor((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / (RECORD_BYTES + 1));
}
