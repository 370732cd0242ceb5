import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream } from "@nats-io/jetstream";
import { type NatsConnection, nkeys } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type BusParty, type BusSettings, type BusStatus, busNames } from "../../agent/bus/bus.ts";
import { type BusLink, connectBus } from "../../agent/bus/connect.ts";
import { announceHeard, announceRules, followActive, followReceivers } from "../../agent/bus/presence.ts";
import { type Receiving, type Sending, startReceiving, startSending, unitOf } from "../support/bus-scene.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import {
  busSettings,
  makeCertificates,
  type NatsServer,
  natsServer,
  startNatsServer,
} from "../support/nats-server.ts";
import { describePeer, peer } from "../support/peer.ts";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const openssl = peer("OpenSSL", "openssl", "apt-get install openssl");
const DEPLOYED = new URL("../../deploy/nats/", import.meta.url).pathname;

let folder: string;
let server: NatsServer;
let settings: Record<"receiver" | "correlator", BusSettings>;
const open: { close(): Promise<void> }[] = [];

/** The configuration that is delivered, with keys and certificates of this test. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-nats-"));
  const work = join(folder, "nats");
  mkdirSync(work);
  copyFileSync(join(DEPLOYED, "nats-server.conf"), join(work, "delivered.conf"));
  const pem = makeCertificates(join(folder, "tls"));
  const keys = { receiver: nkeys.createUser(), correlator: nkeys.createUser() };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const values: Record<string, string> = {
    TOCSIN_RECEIVER: keys.receiver.getPublicKey(),
    TOCSIN_CORRELATOR: keys.correlator.getPublicKey(),
    TOCSIN_SERVER_NAME: "test",
    TOCSIN_STREAMS: `"${join(folder, "jetstream")}"`,
    TOCSIN_TLS_CERT: `"${pem.server}"`,
    TOCSIN_TLS_KEY: `"${pem.serverKey}"`,
    TOCSIN_TLS_CA: `"${pem.ca}"`,
  };
  const given = readFileSync(join(DEPLOYED, "keys.conf"), "utf8");
  const named = [...given.matchAll(/^(TOCSIN_\w+):/gm)].map(([, name = ""]) => name);
  expect(named.sort()).toEqual(Object.keys(values).sort());
  writeFileSync(join(work, "keys.conf"), named.map((name) => `${name}: ${values[name]}\n`).join(""));
  server = await startNatsServer(work, { configuration: "# jetstream\ninclude ./delivered.conf" });
  const tls = {
    ca: readFileSync(pem.ca, "utf8"),
    cert: readFileSync(pem.client, "utf8"),
    key: readFileSync(pem.clientKey, "utf8"),
  };
  const of = (role: "receiver" | "correlator"): BusSettings =>
    busSettings(server, folder, { authentication: { seed: text(keys[role].getSeed()) }, tls });
  settings = { receiver: of("receiver"), correlator: of("correlator") };
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

function sending(): Sending {
  const made = startSending(settings.receiver);
  open.push(made);
  return made;
}
function receiving(): Receiving {
  const made = startReceiving(settings.correlator);
  open.push(made);
  return made;
}
async function linked(of: BusSettings, party: BusParty): Promise<{ link: BusLink; nats: NatsConnection }> {
  const link = connectBus(of, party);
  open.push(link);
  const nats = await eventually("connected", () => link.nats());
  return { link, nats };
}
const here = (role: "receiver" | "correlator") => ({ role, facility: FACILITY });
const problemOf = (link: BusLink) =>
  eventually<NonNullable<BusStatus["problem"]>>("problem", () => link.status().problem);

describePeer([natsServer, openssl], "the account configuration that is delivered", () => {
  it("lets receivers publish and correlators consume, over TLS on both sides, by NKEY", async () => {
    const to = receiving();
    const from = sending();
    await from.publisher.publish(unitOf(3));
    await eventually("alerts", () => to.ids.length === 3 || undefined);
    await expect.poll(() => from.publisher.report().spool.waiting.records).toBe(0);
    expect(from.link.status().connected).toBe(true);
    await expect.poll(() => from.link.status().problem).toBeUndefined();
    expect(to.link.status().connected).toBe(true);
    await expect.poll(() => to.link.status().problem).toBeUndefined();
  });

  it.each([
    ["read the alerts as they pass", busNames(FACILITY).alerts],
    ["read another facility's alerts", busNames("elsewhere").alerts],
    ["read everything", ">"],
    ["read what a correlator is handed", `_INBOX.tocsin.${FACILITY}.correlator.>`],
  ])("lets no receiver %s", async (_what, subject) => {
    const { link, nats } = await linked(settings.receiver, here("receiver"));
    nats.subscribe(subject, { callback() {} });
    expect(await problemOf(link)).toMatchObject({ code: "bus_not_permitted" });
  });

  it.each([
    ["publish for another facility", busNames("elsewhere").alerts],
    ["say which rules shall be used", busNames(FACILITY).active],
    ["take messages off the stream", `$JS.API.CONSUMER.MSG.NEXT.TOCSIN_${FACILITY}.correlator-1`],
    ["make a consumer", `$JS.API.CONSUMER.CREATE.TOCSIN_${FACILITY}.mine`],
    ["read a message of the stream", `$JS.API.STREAM.MSG.GET.TOCSIN_${FACILITY}`],
    ["empty the stream", `$JS.API.STREAM.PURGE.TOCSIN_${FACILITY}`],
    ["delete the stream", `$JS.API.STREAM.DELETE.TOCSIN_${FACILITY}`],
  ])("lets no receiver %s", async (_what, subject) => {
    const { link, nats } = await linked(settings.receiver, here("receiver"));
    nats.publish(subject, "{}");
    expect(await problemOf(link)).toMatchObject({ code: "bus_not_permitted" });
  });

  it.each([
    ["publish an alert", busNames(FACILITY).alerts],
    ["empty the stream", `$JS.API.STREAM.PURGE.TOCSIN_${FACILITY}`],
    ["delete the stream", `$JS.API.STREAM.DELETE.TOCSIN_${FACILITY}`],
  ])("lets no correlator %s", async (_what, subject) => {
    const { link, nats } = await linked(settings.correlator, here("correlator"));
    nats.publish(subject, "{}");
    expect(await problemOf(link)).toMatchObject({ code: "bus_not_permitted" });
  });

  it("says what a receiver of another facility lacks, and where that stands", async () => {
    const { link } = await linked(settings.receiver, { role: "receiver", facility: "elsewhere" });
    const nats = link.nats() as NatsConnection;
    await expect(
      jetstream(nats, { timeout: 500 }).publish(busNames("elsewhere").alerts, "x"),
    ).rejects.toThrow();
    expect(await problemOf(link)).toMatchObject({
      code: "bus_not_permitted",
      remedy: expect.stringContaining("docs/bus.md"),
    });
  });

  it.each<[string, (of: BusSettings) => BusSettings, string]>([
    ["another key", (of) => ({ ...of, authentication: { seed: seed() } }), "bus_refused"],
    ["a password", (of) => ({ ...of, authentication: { user: "a", password: "hunter2" } }), "bus_refused"],
    ["no client certificate", (of) => ({ ...of, tls: { ca: of.tls?.ca } }), "bus_away"],
    ["another CA", (of) => ({ ...of, tls: { ...of.tls, ca: of.tls?.cert } }), "bus_tls"],
  ])("refuses %s, which is said without the secret and tried again", async (_what, change, code) => {
    const wrong = change(settings.receiver);
    const link = connectBus(wrong, here("receiver"));
    open.push(link);
    const said: BusStatus[] = [];
    link.watch((status) => said.push(status));
    await eventually("twice", () => said.length >= 2 || undefined);
    expect(said.every(({ connected }) => !connected)).toBe(true);
    expect(link.status().problem).toMatchObject({ code });
    const { authentication = { seed: "none" } } = wrong;
    const secret = "seed" in authentication ? authentication.seed : "hunter2";
    expect(JSON.stringify(said)).not.toContain(secret);
  });

  it("tells the correlator what receivers have heard and which rules they have, and them which to use", async () => {
    const { link: ours, nats } = await linked(settings.receiver, here("receiver"));
    const { link: its } = await linked(settings.correlator, here("correlator"));
    const [heard, rules] = [announceHeard(ours, FACILITY), announceRules(ours, FACILITY)];
    const at = Date.now() * 1000;
    heard.say({ receiver: "r1", at, sources: { siem: at, fw: at - 5 } });
    rules.say({ receiver: "r1", at, active: "aa", ready: null });
    const told: string[] = [];
    const unfollow = followActive(ours, FACILITY, (active) => told.push(active.rules));
    // It comes late, and asks.
    let skew = 0;
    const clock = { now: () => Date.now() * 1000 + skew };
    const presence = followReceivers({ link: its, facility: FACILITY, token: 1, clock });
    await eventually("heard", () => presence.lastHeard().get("fw"));
    expect(presence.lastHeard().get("siem")).toBe(at);
    await eventually("rules", () => presence.rules()[0]);
    expect(presence.unconfirmed("bb")).toEqual(["r1"]);
    rules.say({ receiver: "r1", at: at + 1, active: "aa", ready: "bb" });
    await expect.poll(() => presence.unconfirmed("bb")).toEqual([]);
    presence.activate("bb");
    await expect.poll(() => told).toEqual(["bb"]);
    for (const said of ["{", "[]", '{"receiver":"r2","at":1,"active":"<b>","ready":null}'])
      nats.publish(`${busNames(FACILITY).rules}.r2`, said);
    rules.say({ receiver: "r3", at, active: "bb", ready: null });
    await expect.poll(() => presence.rules().map(({ receiver }) => receiver)).toEqual(["r1", "r3"]);
    heard.stop();
    rules.stop();
    await ours.close();
    skew = 21e6;
    expect([presence.rules(), presence.heard()]).toEqual([[], []]);
    presence.stop();
    unfollow();
  });
});

describePeer(natsServer, "a user of an operator", () => {
  it("is taken by the content of a .creds file", async () => {
    const { configuration, credentials } = operated();
    const operatedServer = await startNatsServer(join(folder, "operated"), { configuration });
    open.push({ close: operatedServer.stop });
    const of = busSettings(operatedServer, folder, { authentication: { credentials } });
    const { link } = await linked(of, here("receiver"));
    expect(link.status().problem).toBeUndefined();
    const wrong = { ...of, authentication: { credentials: credentials.replace(/SU\w+/, seed()) } };
    const refused = connectBus(wrong, here("receiver"));
    open.push(refused);
    expect(await problemOf(refused)).toMatchObject({ code: "bus_refused" });
  });
});

it.each([
  ["an NKEY seed", { seed: "SUAM-not-a-seed-8f3a" }],
  ["a .creds file", { credentials: "-----BEGIN not-a-seed-8f3a" }],
])("refuses at once what is not %s, without repeating it", (_what, authentication) => {
  const of: BusSettings = {
    servers: ["nats://127.0.0.1:1"],
    authentication,
    durability: "spool",
    replicas: 1,
    spool: { folder: "none", bytes: 1 },
  };
  const connecting = () => connectBus(of, here("receiver"));
  expect(connecting).toThrow(expect.objectContaining({ code: "bus_key_unreadable" }));
  expect(connecting).not.toThrow("8f3a");
});

/** A server of an operator with one account, and the credentials of a user of it, as nsc would make them. */
function operated(): { configuration: string; credentials: string } {
  const [operator, account, system, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const everything = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const accounts = [account, system].map((each, index) => {
    const nats = { limits: everything, type: "account", version: 2 };
    return `${each.getPublicKey()}: ${token(operator, each, { name: `a${index}`, nats })}`;
  });
  const nats = { pub: {}, sub: {}, subs: -1, data: -1, payload: -1, type: "user", version: 2 };
  const seedOf = new TextDecoder().decode(user.getSeed());
  return {
    configuration: `operator: ${token(operator, operator, { name: "o", nats: { type: "operator", version: 2 } })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${accounts.join("\n")} }`,
    credentials: `-----BEGIN NATS USER JWT-----
${token(account, user, { name: "u", nats })}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seedOf}
------END USER NKEY SEED------
`,
  };
}

/** A JWT of NATS: signed with the issuer's key, about the subject's. */
function token(issuer: KeyPair, subject: KeyPair, claims: object): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const about = { jti: "test", iat: 1, iss: issuer.getPublicKey(), sub: subject.getPublicKey() };
  const signed = `${encoded({ typ: "JWT", alg: "ed25519-nkey" })}.${encoded({ ...about, ...claims })}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
}

function seed(): string {
  return new TextDecoder().decode(nkeys.createUser().getSeed());
}
