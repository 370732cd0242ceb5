import { createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openOutbounds } from "../../agent/setup.ts";
import { type LoadedConfig, parseConfig } from "../../config/load.ts";
import type { Filing } from "../../connectors/contract.ts";
import { OUTBOUNDS } from "../../connectors/ways-out.ts";
import { FILING } from "../support/filing.ts";

/** A listening double of an authority: it counts who connects, and hangs up. */
let connections = 0;
let port = 0;
const server = createServer((socket: Socket) => {
  connections++;
  socket.destroy();
});
beforeAll(
  () =>
    new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => {
        port = (server.address() as { port: number }).port;
        resolve();
      }),
    ),
);
afterAll(() => void server.close());
beforeEach(() => {
  connections = 0;
});

const mail = () => ({
  host: "127.0.0.1",
  port,
  security: "none",
  from: "direction@ch.example",
  to: ["alerte@ars.example"],
  contact: "Claire Petit, 02 00 00 00 00",
  timeout_seconds: 2,
});

/** Settings that lead each way out to the double. A new connector that reaches an authority needs its line here. */
const REACHING: Readonly<Record<string, () => object>> = {
  "ars-mail": mail,
  "fssi-mail": mail,
  "portal-http": () => ({
    url: `https://127.0.0.1:${port}/declarations`,
    authentication: { by: "bearer", token: { env: "PORTAL" } },
    private_networks: ["127.0.0.0/8"],
  }),
};
const AUTHORITIES = OUTBOUNDS.filter(({ reach }) => reach === "authority");

const text = (
  mode: string,
  connector: string,
) => `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: ${mode}
outbound: [{ id: sortie, connector: ${connector}, settings: ${JSON.stringify(REACHING[connector]?.())} }]
`;
const load = (mode: string, connector: string) =>
  parseConfig(text(mode, connector), "/nowhere/tocsin.yml", { PORTAL: "token-of-the-portal-long-enough" });

/** A checked configuration put into another mode afterwards: what a fault of ours might leave. */
function forced(mode: "exercise" | "observe" | "live", connector: string): LoadedConfig {
  const { loaded, problems } = load("live", connector);
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  return { ...loaded, config: { ...loaded.config, mode } };
}

const filing = (connector: (typeof OUTBOUNDS)[number], exercise: boolean): Filing => ({
  ...FILING,
  kind: connector.kinds[0],
  exercise,
});
const inTime = () => ({ now: 0, signal: AbortSignal.timeout(10_000) });

it("every way out that reaches an authority has its entry here, and no other has", () => {
  expect(AUTHORITIES.map(({ name }) => name).sort()).toEqual(Object.keys(REACHING).sort());
  expect(AUTHORITIES.length).toBeGreaterThan(0);
});

describe.each(AUTHORITIES)("$name", (connector) => {
  const { name } = connector;

  it("does connect to the double when it is live: the count below can fail", async () => {
    const way = openOutbounds(forced("live", name)).get("sortie");
    await way?.send(filing(connector, false), inTime());
    expect(connections).toBeGreaterThan(0);
  });

  it.each(["exercise", "observe"] as const)("is refused by the configuration in mode %s", (mode) => {
    expect(load(mode, name).problems).toContainEqual(
      expect.objectContaining({ code: "authority_out_of_reach" }),
    );
    expect(load("live", name).problems).toBeUndefined();
  });

  it.each(["exercise", "observe"] as const)(
    "is not even opened in mode %s when the configuration lets it through, and nobody is connected to",
    async (mode) => {
      const opened: string[] = [];
      const spied = OUTBOUNDS.map((each) => each.open);
      for (const each of OUTBOUNDS) {
        const { open } = each;
        each.open = (config, reveal) => {
          opened.push(each.name);
          return open(config, reveal);
        };
      }
      try {
        const ways = openOutbounds(forced(mode, name));
        await Promise.all([...ways.values()].map((way) => way.send(filing(connector, true), inTime())));
        await Promise.all([...ways.values()].map((way) => way.probe?.(inTime())));
        expect({ opened, ways: [...ways.keys()], connections }).toEqual({
          opened: [],
          ways: [],
          connections: 0,
        });
      } finally {
        for (const [i, each] of OUTBOUNDS.entries()) each.open = spied[i] as typeof each.open;
      }
    },
  );
});
