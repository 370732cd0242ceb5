import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { steppingClock } from "../../test/support/store-samples.ts";
import { intakeMetrics } from "./metrics.ts";
import type { OpenListener, TextSource } from "./sources.ts";
import { listenUdp } from "./udp.ts";

/** Sends datagrams from a process of its own, then ends. */
const SENDER = `
const [address, port, count, size] = process.argv.slice(1);
const socket = require("node:dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
socket.connect(Number(port), address, () => {
  let left = Number(count);
  const next = () => (left-- > 0 ? socket.send("x".repeat(Number(size)), next) : socket.close());
  next();
});`;

const source = { id: "lines", zone: "UTC" } as TextSource;
const RECEIVE_BUFFER = 4096;
const LOOPBACKS = Object.values(networkInterfaces()).flatMap((each = []) =>
  each.map(({ address }) => address),
);

describe("listenUdp", () => {
  const open: OpenListener[] = [];
  afterEach(async () => {
    for (const listener of open.splice(0)) await listener.stop();
  });

  async function listen(address: string, receiveBuffer: number) {
    const metrics = intakeMetrics();
    const lines: number[] = [];
    const told: Record<string, unknown>[] = [];
    const listener = await listenUdp({
      source,
      address,
      port: 0,
      receiveBuffer,
      recordBytes: 1024,
      lines: {
        line: (_source, bytes) => void lines.push(bytes.length),
        full: () => false,
        watch: () => () => undefined,
        room: async () => undefined,
        settled: async () => undefined,
        read: () => undefined,
        skim: (_source, _bytes, { start }) => ({ at: start, lines: 0 }),
      },
      metrics,
      clock: steppingClock(),
      where: "sources.0.listen.0",
      log: { info: (message, fields) => void told.push({ message, ...fields }) },
    });
    open.push(listener);
    const value = async (name: string) =>
      (await metrics.registry.getMetricsAsJSON()).find((each) => each.name === name)?.values[0];
    return { port: listener.port, lines, told, value };
  }

  it
    .skipIf(process.platform !== "linux")
    .each([["127.0.0.1"], ["0.0.0.0"], ...(LOOPBACKS.includes("::1") ? [["::1"]] : [])])(
    "counts what the kernel dropped on %s: what was received and what was dropped make what was sent",
    async (address) => {
      const { port, lines, value } = await listen(address, RECEIVE_BUFFER);
      const to = address === "0.0.0.0" ? "127.0.0.1" : address;
      // While this waits for the sender, nobody reads: the buffer is soon full.
      execFileSync(process.execPath, ["-e", SENDER, to, String(port), "500", "200"]);
      const dropped = async () => (await value("tocsin_intake_udp_dropped_total"))?.value ?? -1;
      await expect.poll(async () => lines.length + (await dropped())).toBe(500);
      expect(await dropped()).toBeGreaterThan(300);
      expect(lines.length).toBeGreaterThan(0);
      const table = readFileSync(address.includes(":") ? "/proc/net/udp6" : "/proc/net/udp", "utf8");
      const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
      const rows = table.split("\n").map((line) => line.trim().split(/ +/));
      expect(await dropped()).toBe(Number(rows.find((row) => row[1]?.endsWith(end))?.at(-1)));
      expect(await value("tocsin_intake_udp_dropped_total")).toMatchObject({ labels: { source: "lines" } });
    },
  );

  it.skipIf(process.platform !== "linux")(
    "says how to have a buffer that the kernel did not grant",
    async () => {
      const granted = Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8"));
      expect((await listen("127.0.0.1", granted)).told).toEqual([]);
      expect((await listen("127.0.0.1", granted + 4096)).told).toEqual([
        {
          message: expect.stringContaining("smaller than asked"),
          where: "sources.0.listen.0",
          asked: granted + 4096,
          granted,
          remedy: `sysctl -w net.core.rmem_max=${granted + 4096}`,
        },
      ]);
    },
  );

  it("takes one datagram for one record, whatever it ends with", async () => {
    const { port, lines } = await listen("127.0.0.1", 65536);
    const socket = createSocket("udp4");
    for (const text of ["<1>a", "<1>a\n", "<1>a\r\n", "<1>a\0", "\n", "", `<1>${"x".repeat(2000)}`])
      await new Promise((sent) => socket.send(text, port, "127.0.0.1", sent));
    await expect.poll(() => lines).toEqual([4, 4, 4, 4, 1024]);
    socket.close();
  });
});
