import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { openCatalogue } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { type Authority, type Issued, makeAuthority } from "../../test/support/authority.ts";
import { eventually } from "../../test/support/daemon.ts";
import { systemClock as clock } from "../core/clock.ts";
import type { CanaryView } from "../core/house-view.ts";
import { uuidv7 } from "../core/id.ts";
import { openBacklog } from "../intake/backlog.ts";
import { openLines } from "../intake/lines.ts";
import { openListeners } from "../intake/listeners.ts";
import { intakeMetrics } from "../intake/metrics.ts";
import { openSampler } from "../intake/sampler.ts";
import { openTaker } from "../intake/taker.ts";
import { DUTIES } from "../roles.ts";
import { intakeData } from "../setup.ts";
import type { Setup } from "../stages/work.ts";
import type { Receipt, Unit } from "../store/store.ts";
import { openCanaryStatus } from "./canary-status.ts";
import { type Canaries, flyCanaries } from "./fly-canaries.ts";
import { heedCanary } from "./heed-canary.ts";
import { canaryRule } from "./mark.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const FORGERY = "<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all";
let folder: string;
let authority: Authority;
let shown: Issued["files"];
let own: Issued["files"];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "canaries-"));
  authority = makeAuthority(join(folder, "authority"));
  shown = authority.issue("listener", { dns: ["listener.example.org"] }).files;
  own = authority.issue("canary").files;
  writeFileSync(join(folder, "fw.secret"), "token-of-the-firewall", { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is open, to be closed in this order. */
let open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open) await close();
  open = [];
});

/** A configuration with these sources, the whole intake of it on real sockets, and what its store holds. */
async function scene(given: { sources: string[]; canary?: string; intake?: string }) {
  const { sources, canary = "{}", intake = "{ port: 0 }" } = given;
  const text = `facility: { id: ch, name: CH, kind: etablissement_de_sante }
mode: exercise
listeners: { people: { port: 0 }, intake: ${intake}, operations: { port: 0 } }
canary: ${canary}
sources: [${sources.join(", ")}]`;
  const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), {});
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  const bookmarks = new Map<string, string>();
  const units: Unit[] = [];
  const alerts: string[] = [];
  const store = {
    async commit(unit: Unit): Promise<Receipt> {
      units.push(unit);
      for (const write of unit.writes) {
        if (write.write === "bookmark") bookmarks.set(write.name, write.content);
        if (write.write === "alert") alerts.push(write.alert.source);
      }
      return { outcome: "committed", alerts: [] };
    },
    reads: { bookmark: async (_: string, name: string) => bookmarks.get(name) },
  };
  const metrics = intakeMetrics();
  const rules = compileRules([canaryRule(TOKEN)]);
  const { commit } = store;
  const taker = openTaker({
    ...{ facility: "ch", rules, commit, clock, newId: uuidv7(clock), metrics, canary: heedCanary(TOKEN) },
    ...{ detected: () => undefined, failed: () => undefined },
  });
  const lines = {
    ...{ taker, gate: compileGate(rules), clock, metrics, sampler: openSampler({ clock, metrics }) },
    ...{ lost: () => undefined, backlog: openBacklog() },
  };
  const listeners = await openListeners({
    ...{
      data: intakeData(loaded, DUTIES.all),
      catalogue: openCatalogue([]).catalogue,
      taker,
      clock,
      metrics,
    },
    ...{ lines: () => openLines(lines), bookmark: async (name) => bookmarks.get(name) },
    ...{ log: () => undefined, report: { info: () => undefined, warn: () => undefined } },
  });
  open.push(listeners.stop, taker.close);
  const counted = async (name: "received" | "records" | "refused") => {
    const { values } = await metrics[name].get();
    return Object.fromEntries(
      values
        .filter(({ value }) => value > 0)
        .map(({ labels, value }) => [Object.values(labels).join(" "), value]),
    );
  };
  const told = () =>
    units.flatMap(({ writes }) => writes.flatMap((w) => (w.write === "plan" ? [w.effect.payload] : [])));
  return { loaded, store, listeners, counted, alerts, told };
}
type Scene = Awaited<ReturnType<typeof scene>>;

/** Canaries that fly, and what is shown once a round is over. */
async function fly(
  { loaded, store, listeners }: Omit<Scene, "counted" | "alerts" | "told">,
  patience = 10_000,
) {
  const status = openCanaryStatus();
  let rounds = 0;
  const counting = {
    ...status,
    told(now: Parameters<typeof status.told>[0]) {
      status.told(now);
      rounds += 1;
    },
  };
  const notify = [{ id: "hook", for: ["rssi"] }];
  const setup = { mode: "exercise", facility: loaded.config.facility, notify } as unknown as Setup;
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const canaries: Canaries = await flyCanaries({
    rest: 0,
    ...{ loaded: () => loaded, listening: listeners.listening, token: TOKEN, store: store as never, setup },
    ...{ status: counting, clock, log, woken: () => undefined, patience },
  });
  open.unshift(canaries.stop);
  await eventually("what they fly through", () => (rounds > 0 ? true : undefined));
  /** The ways after as many more rounds as are shown: the first is that none has flown. */
  let seen = 0;
  const round = async (): Promise<CanaryView> => {
    seen += 2;
    await eventually("the round", () => (rounds >= seen ? true : undefined));
    return status.view();
  };
  const again = async () => {
    await canaries.follow();
    return round();
  };
  return { canaries, round, again, view: status.view };
}
/** How each way stands after a round. */
const standing = ({ ways }: CanaryView) =>
  ways.map(({ name, last, because }) => [name.replace(/\d+$/, ""), last === null ? because : "came back"]);

const TLS = () => `tls: { certificate: ${shown.certificate}, key: ${shown.key} }`;
const ASKING = () =>
  `tls: { certificate: ${shown.certificate}, key: ${shown.key}, clients: { authority: ${authority.file} } }`;
const source = (listen: string) => `{ id: fw, connector: syslog, listen: [${listen}] }`;

describe.each(["127.0.0.1", "::1"])("canaries over %s", (address) => {
  const at = (transport: string, more = "") =>
    `{ transport: ${transport}, address: "${address}", port: 0${more && `, ${more}`} }`;
  const name = (of: string) => `fw ${of} ${address === "::1" ? "[::1]" : address}:`;

  it("come back through every transport, and leave no alert and no word of the source", async () => {
    const here = await scene({
      sources: [
        source(`${at("udp")}, ${at("tcp")}, ${at("tls", TLS())}, ${at("relp")}, ${at("relp", TLS())}`),
        '{ id: posted, connector: generic, token: { file: "fw.secret" } }',
      ],
      intake: `{ port: 0, address: "${address}" }`,
    });
    const { round } = await fly(here);
    const view = await round();
    expect(standing(view)).toEqual([
      ...["udp", "tcp", "tls", "relp", "relp"].map((of) => [name(of), "came back"]),
      [name("http").replace("fw", "posted"), "came back"],
    ]);
    expect(view.uncovered).toEqual([]);
    expect(here.alerts).toEqual([]);
    const received = await here.counted("received");
    expect(Object.keys(received).every((key) => key.startsWith("tocsin:canary "))).toBe(true);
    expect(received["tocsin:canary relp"]).toBe(2);
  });

  it("come back through listeners that ask a certificate, with one of their authority", async () => {
    const here = await scene({
      sources: [
        source(`${at("tls", ASKING())}, ${at("relp", ASKING())}`),
        "{ id: posted, connector: generic, client: {} }",
      ],
      canary: `{ client: { certificate: ${own.certificate}, key: ${own.key} } }`,
      intake: `{ port: 0, address: "${address}", ${ASKING()} }`,
    });
    const { round } = await fly(here);
    expect(standing(await round()).map(([, how]) => how)).toEqual(new Array(3).fill("came back"));
  });
});

describe("a canary that is missing", () => {
  it.each<[string, () => { listen: string; canary?: string }, RegExp]>([
    [
      "because its certificate is of another authority says so",
      () => {
        const other = makeAuthority(join(folder, "other")).issue("stranger").files;
        const listen = `{ transport: relp, port: 0, ${ASKING()} }`;
        return { listen, canary: `{ client: { certificate: ${other.certificate}, key: ${other.key} } }` };
      },
      /^the connection was closed before open was answered$/,
    ],
    [
      "because the listener shows another certificate than that of its file says so",
      () => {
        const expired = authority.issue("late", { days: -1 }).files;
        return {
          listen: `{ transport: tls, port: 0, tls: { certificate: ${expired.certificate}, key: ${expired.key} } }`,
        };
      },
      /expired/,
    ],
  ])("%s", async (_, given, because) => {
    const { listen, canary } = given();
    const here = await scene({ sources: [source(listen)], ...(canary && { canary }) });
    const { round } = await fly(here);
    const [way] = (await round()).ways;
    expect([way?.last, way?.failing]).toEqual([null, false]);
    expect(way?.because).toMatch(because);
  });

  it("because nothing reads what is sent is told as not seen again", async () => {
    const deaf = createServer((socket) => socket.resume().end());
    await new Promise<void>((listening) => deaf.listen(0, "127.0.0.1", listening));
    open.push(() => new Promise((closed) => deaf.close(closed)));
    const here = await scene({ sources: [source("{ transport: tcp, port: 0 }")] });
    const { port } = deaf.address() as { port: number };
    const listening = () => [{ source: "fw", transport: "tcp" as const, address: "127.0.0.1", port }];
    const { round } = await fly({ ...here, listeners: { ...here.listeners, listening } }, 100);
    expect((await round()).ways[0]?.because).toBe("not seen again within 0.1 s");
  });

  it("twice is told once, and so is its return", async () => {
    const here = await scene({ sources: [source("{ transport: tcp, port: 0 }")] });
    let dead = true;
    const bookmark = async (facility: string, name: string) =>
      dead && name === "canary:0" ? undefined : here.store.reads.bookmark(facility, name);
    const { round, again } = await fly({ ...here, store: { ...here.store, reads: { bookmark } } }, 1000);
    expect((await round()).ways.map(({ failing }) => failing)).toEqual([false]);
    expect(here.told()).toEqual([]);
    expect((await again()).ways.map(({ failing }) => failing)).toEqual([true]);
    await again();
    dead = false;
    expect((await again()).ways.map(({ failing }) => failing)).toEqual([false]);
    await again();
    expect(here.told()).toMatchObject([{ canary: { what: "failing" } }, { canary: { what: "restored" } }]);
  });
});

describe("canaries", () => {
  it("do not fly through what asks a certificate while they have none, and it is named", async () => {
    const here = await scene({ sources: [source(`{ transport: tls, port: 0, ${ASKING()} }`)] });
    const { view } = await fly(here);
    expect(view()).toMatchObject({ ways: [], uncovered: [{ because: "client_certificate" }] });
  });

  it("do not fly when they are off", async () => {
    const here = await scene({ sources: [source("{ transport: tcp, port: 0 }")], canary: "off" });
    const { view } = await fly(here);
    expect(view()).toEqual({ every: null, ways: [], uncovered: [] });
  });

  it("end at once with one under way, which counts as nothing", async () => {
    const here = await scene({ sources: [source("{ transport: tcp, port: 0 }")] });
    const never = { ...here.store, reads: { bookmark: async () => undefined } };
    const { canaries, view } = await fly({ ...here, store: never });
    await canaries.stop();
    expect(view().ways).toMatchObject([{ last: null, since: null, because: null }]);
  });

  it("of IPv6 take nothing for theirs that another program of this machine sends from the same address", async () => {
    const here = await scene({ sources: [source('{ transport: tcp, address: "::1", port: 0 }')] });
    const port = here.listeners.listening().find(({ transport }) => transport === "tcp")?.port ?? 0;
    connect({ host: "::1", port }).end(`${FORGERY}\n`);
    await eventually("its count", async () =>
      (await here.counted("received"))["fw tcp"] === 1 ? true : undefined,
    );
    expect(await here.counted("refused")).toEqual({});
  });
});
