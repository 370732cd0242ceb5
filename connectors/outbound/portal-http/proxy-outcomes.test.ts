import type { Duplex } from "node:stream";
import { afterAll, afterEach, expect, it } from "vitest";
import { openssl } from "../../../test/support/authority.ts";
import { connectProxy } from "../../../test/support/connect-proxy.ts";
import { FILING } from "../../../test/support/filing.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { openPortalScene } from "../../../test/support/portal-scene.ts";

describePeer(openssl, "a filing by a proxy", () => {
  const scene = openPortalScene();
  afterEach(scene.rest);
  afterAll(scene.close);

  const sendBy = async (tunnel?: (socket: Duplex) => void) => {
    const portal = await scene.portal((_, response) => response.writeHead(201).end('{"id":"GW-1"}'));
    const proxy = await connectProxy({ tunnel });
    scene.closeLater(proxy.close);
    const way = scene.open(portal.url, { proxy: { url: proxy.url } });
    const context = { now: Date.UTC(2026, 10, 15, 1) * 1000, signal: new AbortController().signal };
    return { attempt: await way.send(FILING, context), asked: portal.asked };
  };

  it("is delivered through its tunnel", async () => {
    const { attempt, asked } = await sendBy();
    expect(attempt).toMatchObject({ outcome: "delivered", reference: "GW-1" });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, string, (socket: Duplex) => void]>([
    ["asks for credentials", "refused", (socket) => socket.end("HTTP/1.1 407 No\r\n\r\n")],
    ["refuses the place", "refused", (socket) => socket.end("HTTP/1.1 403 No\r\n\r\n")],
    ["is out of order", "unreachable", (socket) => socket.end("HTTP/1.1 502 No\r\n\r\n")],
    ["answers garbage", "unreachable", (socket) => socket.end("bonjour\r\n")],
    ["hangs", "unreachable", () => undefined],
  ])("never left when the proxy %s: %s", async (_, outcome, tunnel) => {
    const { attempt, asked } = await sendBy(tunnel);
    expect(attempt).toMatchObject({
      outcome,
      because: expect.stringMatching(/^Rien n'est parti.*mandataire/),
    });
    expect(asked).toEqual([]);
  });
});
