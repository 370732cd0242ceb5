import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sec } from "../bench/filtering-peers.ts";
import { alertmanager, imrelp, rsyslog, syslogNg } from "../bench/peers.ts";
import { postgres } from "../bench/shared.ts";
import { eventually } from "../support/daemon.ts";
import { natsServer } from "../support/nats-server.ts";
import { itPeer, type Peer } from "../support/peer.ts";

/** The bench of the bus needs both. */
const bus: Peer = { ...natsServer, present: natsServer.present && postgres.present };
const BENCH = resolve(import.meta.dirname, "../bench/bench.ts");
/** Each bench, what its tables begin rows with, and the peers beside which it measures. */
const BENCHES: readonly { name: string; rows: string[]; peers: [Peer, string][] }[] = [
  {
    name: "shared",
    rows: ["one record, one by one", "one alert, 50 at once", "8 kB written and synced"],
    peers: [[postgres, "SQLite, its thread"]],
  },
  {
    name: "bus",
    rows: [],
    peers: [
      [bus, "PostgreSQL, straight"],
      [bus, "of one receiver"],
      [bus, "with hundreds in each"],
    ],
  },
  {
    name: "correlated",
    rows: [],
    peers: [
      [bus, "a storm of one incident"],
      [bus, "over 10 incidents: correlator"],
    ],
  },
  {
    name: "simulate",
    rows: [
      "quiet: in the record",
      "a storm at all: in an incident",
      "all facilities evenly: breaks first",
      "one facility, the others silent",
      "200 facilities, three processes each",
    ],
    peers: [],
  },
  {
    name: "parsers",
    rows: ["RFC 5424", "JSON alerts", "syslog, hard: rfc5424", "windows, hard: xml"],
    peers: [],
  },
  { name: "mappings", rows: ["apc-ups", "RFC 3164, 15 formats and "], peers: [] },
  { name: "correlation", rows: ["1000 groups, event_count", "bytes a group"], peers: [] },
  {
    name: "grouping",
    rows: [
      "joins, adds no fact",
      "adds a fact",
      "600 alerts of one incident, placed",
      "600 alerts of one incident, read",
      "60 incidents open: longest turn",
      "300 alerts of one incident: 99 %",
    ],
    peers: [],
  },
  {
    name: "pages",
    rows: [
      "incidents/signaler",
      "registre/export.csv",
      "an opening, to the delegate",
      "the same under a full",
    ],
    peers: [],
  },
  { name: "encryption", rows: ["an alert committed, encrypted", "an alert read, encrypted"], peers: [] },
  { name: "effects", rows: ["40 effects that a week held up"], peers: [] },
  {
    name: "rules",
    rows: ["JSON events, all", "JSON events, some", "parsed as alerts"],
    peers: [],
  },
  { name: "udp", rows: ["one socket"], peers: [[rsyslog, "rsyslog imudp → file"]] },
  { name: "relp", rows: ["0.8 % matching", "100 % matching"], peers: [[imrelp, "rsyslog imrelp → file"]] },
  { name: "idle", rows: ["20 connections"], peers: [[rsyslog, "rsyslog imtcp"]] },
  {
    name: "tcp",
    rows: ["2000 lines"],
    peers: [
      [rsyslog, "rsyslog imtcp → file"],
      [syslogNg, "syslog-ng network() → file"],
      [syslogNg, "syslog-ng, "],
      [rsyslog, "rsyslog, "],
      [sec, "SEC, "],
    ],
  },
  {
    name: "http",
    rows: ["100 a request", "one a request"],
    peers: [[alertmanager, "Alertmanager, in memory"]],
  },
];

// All that the benches make lies here: nothing may be left.
let folder: string;
let said: string;
const running = new Set<ChildProcess>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-benches-"));
  // PostgreSQL refuses to be root, and must find its own in it.
  chmodSync(folder, 0o755);
  const benches = start("--tiny");
  said = await benches.said;
  expect(await benches.code).toBe(0);
}, 300_000);
afterAll(() => {
  for (const child of running) child.kill();
  rmSync(folder, { recursive: true, force: true });
});

const left = () => readdirSync(folder).filter((name) => name.startsWith("tocsin-"));

function start(...parts: string[]): {
  child: ChildProcess;
  said: Promise<string>;
  code: Promise<number | null>;
} {
  const child = spawn(process.execPath, [BENCH, ...parts], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  const code = new Promise<number | null>((ended) => child.once("close", ended));
  return { child, said: text(child.stdout), code };
}

/** The cells of the first row in which one begins so. */
function cellsOf(said: string, beginning: string): string[] {
  const rows = said.split("\n").map((line) => line.split("│").map((cell) => cell.trim()));
  return rows.find((cells) => cells.some((cell) => cell.startsWith(beginning))) ?? [];
}

describe.each(BENCHES)("npm run bench -- $name", ({ rows, peers }) => {
  it.each(rows)("measures: %s", (row) => {
    expect(cellsOf(said, row)[2]).toMatch(/^-?[\d,]+$/);
  });

  for (const [wanted, as] of peers)
    itPeer(wanted, `measures beside: ${as}`, () => {
      const cells = cellsOf(said, as);
      expect(cells[cells.findIndex((cell) => cell.startsWith(as)) + 1]).toMatch(/^-?[\d,]+$/);
    });
});

it("leaves nothing behind", () => {
  expect(left()).toEqual([]);
});

it("leaves nothing behind when it is interrupted", async () => {
  const { child, code } = start("--tiny", "relp");
  await eventually("a measure under way", () => (left().length > 0 ? true : undefined));
  child.kill("SIGTERM");
  expect(await code).not.toBe(0);
  expect(left()).toEqual([]);
});
