import { describe, expect, it } from "vitest";
import { Config } from "../../config/schema.ts";
import { Secret } from "../../config/secrets.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import type { Listening } from "../intake/thread.ts";
import { waysOf } from "./ways.ts";

const tls = { certificate: "a.pem", key: "a.key" };
const clients = { authority: "ca.pem" };
function found(sources: unknown[], listening: Listening[] = [], canary: object = {}) {
  const config = Config.parse({
    facility: { id: "ch", name: "CH", kind: "etablissement_de_sante" },
    mode: "exercise",
    sources,
    canary,
  });
  const secrets = new Map([
    ["sources.0.token", new Secret("the token")],
    ["sources.0.signature.secret", new Secret("the key")],
  ]);
  return waysOf({ config, secrets }, { listening, named: inboundNamed });
}
const listen = (...each: object[]) => [{ id: "fw", connector: "cef", listen: each }];

describe("the ways in that a canary takes", () => {
  it.each<[string, unknown[], object]>([
    [
      "a socket of all addresses, from this machine",
      listen({ transport: "udp", address: "0.0.0.0", port: 514 }),
      { name: "fw udp 0.0.0.0:514", host: "127.0.0.1", port: 514 },
    ],
    [
      "one of IPv6 and IPv4",
      listen({ transport: "tcp", address: "::", port: 514 }),
      { name: "fw tcp [::]:514", host: "127.0.0.1" },
    ],
    [
      "one of an address of ours",
      listen({ transport: "relp", address: "192.0.2.1", port: 2514 }),
      { host: "192.0.2.1" },
    ],
    ["the loopback of IPv6", listen({ transport: "tcp", address: "::1", port: 514 }), { host: "::1" }],
    [
      "an IPv6 address of ours",
      listen({ transport: "udp", address: "2001:db8::5", port: 514 }),
      { name: "fw udp [2001:db8::5]:514", host: "2001:db8::5" },
    ],
    [
      "TLS, by the certificate of its file",
      listen({ transport: "tls", port: 6514, tls }),
      { certificate: "a.pem" },
    ],
    [
      "HTTP with a token",
      [{ id: "fw", connector: "cef", token: { env: "X" } }],
      { name: "fw http 127.0.0.1:8471", token: "the token" },
    ],
    [
      "HTTP with a signature",
      [{ id: "fw", connector: "generic", signature: { scheme: "github", secret: { env: "X" } } }],
      { signature: expect.objectContaining({ key: Buffer.from("the key") }) },
    ],
  ])("are %s", (_, sources, way) => {
    const { ways, uncovered } = found(sources);
    expect([ways.length, uncovered]).toEqual([1, []]);
    expect(ways[0]).toMatchObject(way);
  });

  it.each([
    ["over a socket", listen({ transport: "tls", port: 6514, tls: { ...tls, clients } })],
    ["over HTTP", [{ id: "fw", connector: "cef", token: { env: "X" }, client: {} }]],
  ])("take one that asks for a certificate %s once the canary has one", (_, sources) => {
    const client = { certificate: "canary.pem", key: "canary.key" };
    const { ways, uncovered } = found(sources, [], { client });
    expect([ways.map((way) => way.client), uncovered]).toEqual([[client], []]);
  });

  it("show the canary's certificate to none that asks for no certificate", () => {
    const client = { certificate: "canary.pem", key: "canary.key" };
    const { ways } = found(listen({ transport: "tls", port: 6514, tls }), [], { client });
    expect(ways.map((way) => way.client)).toEqual([undefined]);
  });

  it("are known by the port that was taken for 0, each of its own", () => {
    const at = { source: "fw", transport: "tcp" as const, address: "127.0.0.1" };
    const sources = listen({ transport: "tcp", port: 0 }, { transport: "tcp", port: 0 });
    const { ways } = found(sources, [
      { ...at, port: 40001 },
      { ...at, port: 40002 },
    ]);
    expect(ways.map(({ port, name }) => [port, name])).toEqual([
      [40001, "fw tcp 127.0.0.1:40001"],
      [40002, "fw tcp 127.0.0.1:40002"],
    ]);
  });
});

describe("the ways in that none takes", () => {
  it.each<[string, unknown[], string]>([
    ["a link-local address", listen({ transport: "tcp", address: "fe80::1%eth0", port: 514 }), "ipv6"],
    ["a name of two addresses", listen({ transport: "tcp", address: "localhost", port: 514 }), "name"],
    [
      "a client certificate on a socket",
      listen({ transport: "tls", port: 6514, tls: { ...tls, clients } }),
      "client_certificate",
    ],
    [
      "a client certificate over HTTP",
      [{ id: "fw", connector: "cef", token: { env: "X" }, client: {} }],
      "client_certificate",
    ],
    [
      "a mapping that is gone",
      [{ id: "fw", connector: "own-mapping", listen: [{ transport: "tcp", port: 514 }] }],
      "unknown_format",
    ],
  ])("are told: %s", (_, sources, because) => {
    const { ways, uncovered } = found(sources);
    expect(ways).toEqual([]);
    expect(uncovered).toMatchObject([{ because }]);
  });
});
