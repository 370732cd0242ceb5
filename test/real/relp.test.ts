import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect } from "vitest";
import type { Listening } from "../../agent/intake/thread.ts";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { type Daemon, eventually, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import { describePeer, itPeer, type Peer, peer } from "../support/peer.ts";

/** Where Debian and Red Hat keep rsyslog's modules. */
const OMRELP = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
const rsyslog = peer("rsyslog", "rsyslogd", "apt-get install rsyslog");
const omrelp: Peer = {
  name: "omrelp",
  command: "omrelp.so",
  install: "apt-get install rsyslog-relp",
  present: OMRELP.some((folder) => existsSync(join(folder, "rsyslog/omrelp.so"))),
};
const openssl = peer("OpenSSL", "openssl", "apt-get install openssl");

const KILLS = 4 * EFFORT;
const LINES_A_ROUND = 4000;
const RELEVANT_EVERY = 25;

let house: House;
let daemon: Daemon | undefined;
let sender: ChildProcess | undefined;
let port: number;
beforeEach(async () => {
  house = await makeHouse();
  port = await freePort();
});
afterEach(async () => {
  if (sender !== undefined && sender.exitCode === null) {
    sender.kill("SIGTERM");
    await once(sender, "exit");
  }
  await daemon?.end("SIGTERM");
  house.remove();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return free;
}

/** Gives the source `lines` a RELP listener, whose port stays the same over restarts. */
function listenOnRelp(tls = ""): void {
  const text = readFileSync(house.config, "utf8");
  const relp = `{ transport: relp, port: ${port}${tls} }`;
  writeFileSync(
    house.config,
    text.replace("{ transport: tcp, port: 0 }", `{ transport: tcp, port: 0 }, ${relp}`),
  );
}

async function start(): Promise<Daemon> {
  const started = await startDaemon(house);
  const { listening } = started.log.find(({ message }) => message === "ready") as { listening: Listening[] };
  expect(listening).toContainEqual(expect.objectContaining({ transport: "relp", port }));
  return started;
}

/** Starts rsyslog, which sends what is written to the file that is returned. */
function startRsyslog(more = ""): string {
  const work = join(house.directory, "rsyslog");
  mkdirSync(work);
  const watched = join(work, "application.log");
  writeFileSync(watched, "");
  const configuration = join(work, "rsyslog.conf");
  writeFileSync(
    configuration,
    `global(workDirectory="${work}" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="omrelp")
input(type="imfile" File="${watched}" Tag="application:" Severity="warning" Facility="local3")
action(type="omrelp" target="127.0.0.1" port="${port}" template="RSYSLOG_SyslogProtocol23Format" ${more}
       action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="linkedList" queue.size="100000")
`,
  );
  sender = spawn("rsyslogd", ["-n", "-f", configuration, "-i", join(work, "pid")], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return watched;
}

/** The steps that are stored, in the order of the record. */
function stored(): number[] {
  const db = new DatabaseSync(stateFiles(join(house.directory, "state")).database, { readOnly: true });
  try {
    return db
      .prepare(
        "SELECT json_extract(content, '$.alert.message') AS said FROM alerts WHERE facility = ? ORDER BY first_detection",
      )
      .all(FACILITY)
      .map(({ said }) => Number(/step (\d+)/.exec(String(said))?.[1]));
  } finally {
    db.close();
  }
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${daemon?.operations}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, "gm"))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

describePeer([rsyslog, omrelp], "rsyslog over RELP", () => {
  itPeer(
    [rsyslog, omrelp],
    `has each relevant line stored once when Tocsin is killed ${KILLS} times in the middle`,
    async () => {
      listenOnRelp();
      daemon = await start();
      const file = startRsyslog();
      let line = 0;
      const expected: number[] = [];
      let repeats = 0;
      for (let round = 0; round <= KILLS; round++) {
        let text = "";
        for (const end = line + LINES_A_ROUND; line < end; line++) {
          const relevant = line % RELEVANT_EVERY === 0;
          if (relevant) expected.push(line);
          text += `step ${line} ${relevant ? "vssadmin delete shadows /all" : "all is well"}\n`;
        }
        const before = stored().length;
        appendFileSync(file, text);
        if (round === KILLS) break;
        await eventually("some of the round", () => (stored().length > before ? true : undefined));
        repeats += await metric("tocsin_intake_repeats_total");
        await daemon.end("SIGKILL");
        daemon = await start();
      }
      await eventually("all", () => (stored().length >= expected.length ? true : undefined), 60);
      // What comes after the last expected line would be a repeat that was stored.
      appendFileSync(file, "step 9999999 vssadmin delete shadows /all\n");
      await eventually("the end", () => (stored().includes(9_999_999) ? true : undefined));
      repeats += await metric("tocsin_intake_repeats_total");
      expect(stored().filter((step) => step !== 9_999_999)).toEqual(expected);
      // librelp has 128 messages under way.
      expect(repeats).toBeLessThanOrEqual((KILLS * 128) / RELEVANT_EVERY + KILLS);
      expect(await daemon.end("SIGTERM")).toBe(0);
      daemon = undefined;
      const { database, signingKey } = stateFiles(join(house.directory, "state"));
      const report = verifyDatabase(database, loadPublicKey(signingKey), checkpointsFileOf(database));
      expect(report).toMatchObject({ ok: true, faults: [] });
    },
    180_000 * EFFORT,
  );

  itPeer(
    [rsyslog, omrelp, openssl],
    "sends over TLS, each side knowing the other by name",
    async () => {
      const file = (name: string) => join(house.directory, name);
      const run = (...parts: string[]) => execFileSync("openssl", parts, { stdio: "pipe" });
      const key = ["-newkey", "rsa:2048", "-nodes"];
      run(
        "req",
        "-x509",
        ...key,
        "-days",
        "2",
        "-subj",
        "/CN=authority",
        "-keyout",
        file("ca.key"),
        "-out",
        file("ca.pem"),
      );
      for (const name of ["tocsin.example", "sender.example"]) {
        writeFileSync(file("san"), `subjectAltName=DNS:${name}\n`);
        run(
          "req",
          ...key,
          "-subj",
          `/CN=${name}`,
          "-keyout",
          file(`${name}.key`),
          "-out",
          file(`${name}.csr`),
        );
        run(
          ...[
            "x509",
            "-req",
            "-days",
            "2",
            "-CA",
            file("ca.pem"),
            "-CAkey",
            file("ca.key"),
            "-CAcreateserial",
          ],
          ...["-extfile", file("san"), "-in", file(`${name}.csr`), "-out", file(`${name}.pem`)],
        );
      }
      listenOnRelp(
        ", tls: { certificate: tocsin.example.pem, key: tocsin.example.key, clients: { authority: ca.pem, names: [sender.example] } }",
      );
      daemon = await start();
      const watched = startRsyslog(
        `tls="on" tls.caCert="${file("ca.pem")}" tls.myCert="${file("sender.example.pem")}" tls.myPrivKey="${file("sender.example.key")}"
       tls.authmode="name" tls.permittedPeer=["tocsin.example"]`,
      );
      appendFileSync(
        watched,
        "step 1 vssadmin delete shadows /all\nstep 2 all is well\nstep 3 vssadmin delete shadows\n",
      );
      await eventually("both", () => (stored().length === 2 ? true : undefined));
      expect(stored()).toEqual([1, 3]);
    },
    60_000,
  );
});
