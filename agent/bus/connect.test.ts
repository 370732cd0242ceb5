import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { certify } from "../../test/support/certify.ts";
import { eventually, FACILITY } from "../../test/support/daemon.ts";
import { type NatsServer, natsServer, startNatsServer } from "../../test/support/nats-server.ts";
import { describePeer } from "../../test/support/peer.ts";
import { type BusLink, connectBus } from "./connect.ts";

describePeer(natsServer, "a server of the bus that is named by its address", () => {
  let folder: string;
  let server: NatsServer | undefined;
  let link: BusLink | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
  });
  afterEach(async () => {
    await link?.close();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  async function statusWith(names: string[], host = "127.0.0.1") {
    const { authority, certificate, key } = certify(join(folder, "tls"), names);
    server = await startNatsServer(folder, {
      configuration: `tls { cert_file: "${certificate}", key_file: "${key}" }`,
    });
    const settings = {
      servers: [server.url.replace("nats://127.0.0.1", `tls://${host}`)],
      tls: { ca: readFileSync(authority, "utf8") },
      ...{ durability: "spool" as const, replicas: 1, spool: { folder, bytes: 0 } },
    };
    const opened = connectBus(settings, { role: "receiver", facility: FACILITY });
    link = opened;
    return eventually("an answer", () => {
      const { connected, problem } = opened.status();
      return connected ? "connected" : problem?.code;
    });
  }

  it.each([
    ["is taken by a certificate for it", ["IP:127.0.0.1"], "127.0.0.1", "connected"],
    ["is refused by a certificate for another", ["IP:192.0.2.1"], "127.0.0.1", "bus_tls"],
    ["is refused by one for localhost, which it was not called", ["DNS:localhost"], "127.0.0.1", "bus_tls"],
    ["is taken by its name where it was called so", ["DNS:localhost"], "localhost", "connected"],
  ])("%s", async (_, names, host, expected) => {
    expect(await statusWith(names, host)).toBe(expected);
  });
});
