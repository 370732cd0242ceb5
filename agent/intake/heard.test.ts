import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { inboundNamed } from "../../connectors/registry.ts";
import { relpFrame } from "../../test/support/relp-client.ts";
import { steppingClock } from "../../test/support/store-samples.ts";
import type { LineTaker } from "./lines.ts";
import { intakeMetrics } from "./metrics.ts";
import { listenRelp } from "./relp.ts";
import type { OpenListener, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";
import { listenUdp } from "./udp.ts";

type Way = "udp" | "tcp" | "relp";
const source: TextSource = { id: "lines", connector: inboundNamed("syslog") as never, zone: "UTC" };
const OPEN = relpFrame(1, "open", "relp_version=0\ncommands=syslog");

describe("a source is heard by its records", () => {
  const open: OpenListener[] = [];
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.stop();
  });

  async function listen(way: Way) {
    const metrics = intakeMetrics();
    const lines: LineTaker = {
      line: () => undefined,
      read: () => undefined,
      skim: (_source, _bytes, { start }) => ({ at: start, lines: 0 }),
      full: () => false,
      watch: () => () => undefined,
      room: async () => undefined,
      settled: async () => undefined,
    };
    const taker = { quarantine: () => undefined } as unknown as Taker;
    const clock = steppingClock();
    const common = { address: "127.0.0.1", port: 0, source, recordBytes: 1024, metrics, clock };
    const stream = { ...common, taker, lines: () => lines, connections: 9, idleSeconds: 60 };
    const listeners = {
      udp: () => listenUdp({ ...common, receiveBuffer: 4096, lines }),
      tcp: () => listenTcp(stream),
      relp: () => listenRelp({ ...stream, bookmark: async () => undefined }),
    };
    const listener = await listeners[way]();
    open.push(listener);
    const bytes = () => metrics.bytes.of({ source: "lines", transport: way }).count;
    return { port: listener.port, bytes, heard: () => metrics.lastSeen.of("lines") !== undefined };
  }

  it.each<[Way, string, string[], boolean]>([
    ["udp", "datagrams with nothing in them", ["", "\0\n", "\r\n"], false],
    ["udp", "a datagram", ["\n", "<13>a: b"], true],
    ["tcp", "blank lines and NULs", ["\n\r\n", "\0\0\0"], false],
    ["tcp", "a record that has only begun", ["<13>a: b"], false],
    ["tcp", "a count whose message has not come", ["100 <13>a"], false],
    ["tcp", "a line", ["<13>a: ", "b\n"], true],
    ["tcp", "a counted record", ["7 <13>a:", "b"], true],
    ["relp", "a session that says nothing", [OPEN], false],
    [
      "relp",
      "hints and unknown commands",
      [OPEN, relpFrame(0, "hint"), relpFrame(2, "eventlog", "x")],
      false,
    ],
    ["relp", "what is no RELP", ["<13>a: b\n"], false],
    ["relp", "a message", [OPEN, relpFrame(2, "syslog", "<13>a: b")], true],
  ])("over %s: %s %j: %s", async (way, _what, texts, expected) => {
    const { port, bytes, heard } = await listen(way);
    if (way === "udp") {
      const socket = createSocket("udp4");
      for (const text of texts) socket.send(text, port, "127.0.0.1");
      await expect.poll(bytes).toBe(texts.join("").length);
      socket.close();
    } else {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      await once(socket, "connect");
      for (const text of texts) socket.write(text);
      await expect.poll(bytes).toBe(texts.join("").length);
      socket.destroy();
    }
    expect(heard()).toBe(expected);
  });

  it("over tcp: the last line of a connection that ends without its newline", async () => {
    const { port, heard } = await listen("tcp");
    const socket = connect(port, "127.0.0.1").resume();
    socket.end("<13>a: b");
    await once(socket, "close");
    expect(heard()).toBe(true);
  });
});
