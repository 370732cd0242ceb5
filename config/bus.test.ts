import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { notedSettings } from "../agent/setup.ts";
import { adviseShared } from "./advise-shared.ts";
import { Bus, busEncrypted } from "./bus.ts";
import { parseConfig } from "./load.ts";

const SEED = `SU${"A".repeat(56)}`;
const CREDENTIALS = `-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;
const ENVIRONMENT = { PASSWORD: "five5", SEED, CREDENTIALS, OTHER: "not what is wanted" };
const AT = "nats://nats.example.org:4222";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
  writeFileSync(join(folder, "not.pem"), "not PEM");
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (bus: unknown, more = "") =>
  parseConfig(
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }\nmode: observe\nbus: ${JSON.stringify(bus)}\n${more}`,
    join(folder, "tocsin.yml"),
    ENVIRONMENT,
  );

describe("Bus", () => {
  it("has its defaults", () => {
    expect(Bus.parse(AT)).toEqual({
      servers: [AT],
      durability: "spool",
      replicas: 1,
      spool: { megabytes: 1024 },
    });
  });

  it.each<[string, unknown, Partial<Bus>]>([
    ["several servers", { servers: [AT, "tls://198.51.100.7"] }, { servers: [AT, "tls://198.51.100.7"] }],
    [
      "three replicas where durability rests on them",
      { servers: [AT], durability: "replicas" },
      { replicas: 3 },
    ],
    ["five", { servers: [AT], durability: "replicas", replicas: 5 }, { replicas: 5 }],
    ["a server that writes at once", { servers: [AT], durability: "sync_always" }, { replicas: 1 }],
    [
      "a spool elsewhere",
      { servers: [AT], spool: { folder: "/spool" } },
      { spool: { folder: "/spool", megabytes: 1024 } },
    ],
    [
      "credentials",
      { servers: [AT], credentials: { file: "a.creds" } },
      { credentials: { file: "a.creds" } },
    ],
    ["the seed of a user", { servers: [AT], nkey: { env: "SEED" } }, { nkey: { env: "SEED" } }],
    ["a name and its password", { servers: [AT], username: "a", password: { env: "B" } }, { username: "a" }],
  ])("accepts %s", (_what, given, expected) => {
    expect(Bus.parse(given)).toMatchObject(expected);
  });

  it.each<[string, string, object | undefined, boolean]>([
    ["a server elsewhere", AT, undefined, true],
    ["this machine", "nats://127.0.0.1:4222", undefined, false],
    ["this machine by IPv6", "nats://[::1]:4222", undefined, false],
    ["this machine, as its scheme says", "tls://localhost:4222", undefined, true],
    ["this machine, as stated", "nats://localhost:4222", {}, true],
  ])("says whether connections are encrypted: %s", (_what, server, tls, encrypted) => {
    expect(busEncrypted(Bus.parse({ servers: [server], tls }))).toBe(encrypted);
  });

  it("has every connection encrypted as soon as one server is elsewhere", () => {
    expect(busEncrypted(Bus.parse({ servers: ["nats://127.0.0.1", AT] }))).toBe(true);
  });

  it.each<[string, unknown, string, string]>([
    ["another protocol", "amqp://nats.example.org", "bus", "give the address of a server"],
    ["a web socket", "wss://nats.example.org", "bus", "give the address of a server"],
    [
      "several servers in one address",
      "nats://a.test:4222,b.test:4222",
      "bus",
      "write the others in bus.servers",
    ],
    ["a password in the address", "nats://me:five5@nats.example.org", "bus", "never written"],
    [
      "a token in the address",
      { servers: ["nats://five5@nats.example.org"] },
      "bus.servers.0",
      "never written",
    ],
    ["a path", { servers: [`${AT}/subject`] }, "bus.servers.0", "leave out what follows the port"],
    ["no server", { servers: [] }, "bus.servers", ""],
    [
      "an inline password",
      { servers: [AT], username: "a", password: "five5" },
      "bus.password",
      "never written",
    ],
    ["a name without password", { servers: [AT], username: "a" }, "bus.username", "together"],
    ["a password without name", { servers: [AT], password: { env: "PASSWORD" } }, "bus.password", "together"],
    [
      "two ways to be known",
      { servers: [AT], nkey: { env: "SEED" }, credentials: { env: "CREDENTIALS" } },
      "bus",
      "give one of",
    ],
    [
      "two replicas that are to outlive a loss",
      { servers: [AT], durability: "replicas", replicas: 2 },
      "bus.replicas",
      "three at least",
    ],
    ["six replicas", { servers: [AT], replicas: 6 }, "bus.replicas", ""],
    ["another durability", { servers: [AT], durability: "fast" }, "bus.durability", ""],
    ["a spool for nothing", { servers: [AT], spool: { megabytes: 1 } }, "bus.spool.megabytes", ""],
    ["an unknown key", { servers: [AT], server: AT }, "bus.server", "unknown key"],
    ["a certificate without its key", { servers: [AT], tls: { certificate: "a" } }, "bus.tls", "together"],
  ])("refuses %s, saying where and what", (_what, bus, path, said) => {
    const { problems = [] } = read(bus);
    expect(problems).toHaveLength(1);
    const [sentence = ""] = problems.map(problemSentence);
    expect(sentence).toMatch(/tocsin\.yml:3:\d+: /);
    expect(sentence).toContain(`: ${path}: `);
    expect(sentence).toContain(said);
    expect(sentence).not.toContain("five5");
  });
});

describe("a bus in a configuration", () => {
  it.each([
    ["password", { username: "tocsin", password: { env: "PASSWORD" } }, "five5"],
    ["nkey", { nkey: { env: "SEED" } }, SEED],
    ["credentials", { credentials: { env: "CREDENTIALS" } }, CREDENTIALS.trim()],
  ])("keeps its %s with the secrets, and out of what is noted", (name, given, value) => {
    const { loaded, problems } = read({ servers: [AT], ...given });
    expect(problems).toBeUndefined();
    if (loaded === undefined) return;
    expect(loaded.secrets.get(`bus.${name}`)?.reveal()).toBe(value);
    const noted = notedSettings(loaded.config).facility?.get("bus");
    expect(noted).toMatchObject({ servers: [AT] });
    expect(JSON.stringify([noted, loaded])).not.toContain(value);
  });

  it.each([
    ["beside the record", {}, "state/spool"],
    ["where the configuration says, from its own folder", { folder: "reserve" }, "reserve"],
  ])("has its spool %s", (_what, spool, expected) => {
    const { loaded } = read({ servers: [AT], spool }, "state_directory: state\n");
    expect(loaded?.config.bus?.spool.folder).toBe(join(folder, expected));
  });

  it.each<[string, object, string, string]>([
    ["a seed that is none", { nkey: { env: "OTHER" } }, "nkey_invalid", "begins with SU"],
    ["credentials that are none", { credentials: { env: "OTHER" } }, "credentials_invalid", "nsc"],
    ["a secret that is missing", { nkey: { env: "NOWHERE" } }, "secret_missing", "bus.nkey"],
    ["an authority that is missing", { tls: { authority: "no.pem" } }, "tls_unreadable", "bus.tls.authority"],
    ["an authority that is none", { tls: { authority: "not.pem" } }, "tls_invalid", "that of the bus"],
  ])("has %s told, at its line", (_what, settings, code, said) => {
    const { problems = [] } = read({ servers: [AT], ...settings });
    expect(problems).toMatchObject([{ code, where: expect.stringMatching(/tocsin\.yml:3:\d+$/) }]);
    const sentence = problems.map(problemSentence).join();
    expect(sentence).toContain(said);
    for (const secret of Object.values(ENVIRONMENT)) expect(sentence).not.toContain(secret);
  });

  const NEAR = "nats://127.0.0.1:4222";
  const STORE = "store: postgres://tocsin@db.example.org/tocsin\n";
  it.each<[string, object, string, string[]]>([
    [
      "nothing of a bus whose users are known, with a shared record",
      { servers: [AT], nkey: { env: "SEED" } },
      STORE,
      [],
    ],
    [
      "that nobody takes over without a shared record",
      { servers: [NEAR] },
      "",
      ["bus_without_shared_record"],
    ],
    ["that nothing says who we are", { servers: [AT] }, STORE, ["bus_open"]],
    ["nothing of who we are on this machine", { servers: [NEAR] }, STORE, []],
    [
      "that an even number of replicas is one too many",
      { servers: [NEAR], replicas: 4 },
      STORE,
      ["bus_replicas_even"],
    ],
  ])("advises %s", (_what, bus, store, codes) => {
    const { loaded } = read(bus, store);
    const told = loaded && adviseShared(loaded.config);
    expect(told?.map(({ code }) => code)).toEqual(codes);
  });
});
