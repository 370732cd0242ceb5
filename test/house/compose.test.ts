import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DCLinter } from "dclint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { problemSentence } from "../../agent/core/errors.ts";
import { parseConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { databaseOf } from "../../config/store.ts";
import { ROOT, read } from "../support/documents.ts";
import { PERMITTED, subjectsOf } from "../support/nats-permissions.ts";
import { itPeer, peer } from "../support/peer.ts";

/** Its own types are not found by those who import it. */
interface Message {
  type: "warning" | "error";
  rule: string;
  message: string;
}
interface Service {
  image: string;
  command?: string[];
  networks?: string[];
  network_mode?: string;
  ports?: string[];
  volumes: string[];
  secrets: string[];
  tmpfs?: string[];
  healthcheck: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
}

const FOLDER = "deploy/compose-ght";
const FILES = ["deploy/compose.yml", `${FOLDER}/compose.yml`];
const readCompose = (file: string) => parse(read(file), { merge: true });
const { services, networks, secrets } = readCompose(`${FOLDER}/compose.yml`) as {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean } | null>;
  secrets: Record<string, { file: string }>;
};
const ROLES = ["receiver", "correlator", "web"] as const;
type Role = (typeof ROLES)[number];
const service = (name: string) => services[name] as Service;

const OPENSSL = peer("openssl", "openssl", "apt-get install openssl");

describe("the schema of compose files", () => {
  // The image is built here and named for it; ports are for the whole network.
  const off = ["no-build-and-image", "no-unbound-port-interfaces", "service-image-require-explicit-tag"];
  const rules = Object.fromEntries(off.map((rule) => [rule, 0 as const]));
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
  /** What the schema of the specification refuses, and the linter's own rules that tell of errors. */
  const errorsOf = (file: string) =>
    (linter.lintFiles([file], false) as { messages: Message[] }[])
      .flatMap(({ messages }) => messages)
      .flatMap(({ type, rule, message }) => (type === "error" ? [`${rule}: ${message}`] : []));

  it.each(FILES)("takes %s", (file) => {
    expect(errorsOf(join(ROOT, file))).toEqual([]);
  });

  it.each<[string, string]>([
    ["a service with a word that does not exist", "{ image: 'a:1', helthcheck: { disable: true } }"],
    ["a condition that is none", "{ image: 'a:1', depends_on: { db: { condition: service_sound } } }"],
    ["a length of time without its unit", "{ image: 'a:1', stop_grace_period: [30] }"],
  ])("refuses %s", (_, service) => {
    const file = join(mkdtempSync(join(tmpdir(), "tocsin-compose-")), "compose.yml");
    writeFileSync(file, `services:\n  web: ${service}\n`);
    try {
      expect(errorsOf(file).join("\n")).toContain("invalid-schema");
    } finally {
      rmSync(dirname(file), { recursive: true });
    }
  });
});

describe("the compose file of three roles", () => {
  it("has them, their database and their bus", () => {
    expect(Object.keys(services)).toEqual(["postgres", "nats", ...ROLES]);
    for (const role of ROLES) expect(service(role).command).toEqual(["run", "--role", role]);
  });

  it.each(Object.keys(services))(
    "gives %s no right, looks after it, and takes an image with a version",
    (name) => {
      expect(services[name]).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
      expect(service(name).healthcheck.test[0]).toMatch(/^CMD/);
      // What is built here has the name of the other compose file.
      expect(service(name).image).toMatch(/^(?:tocsin|[a-z]+:\d+(?:\.\d+)?-[a-z]+)$/);
    },
  );

  it("starts each once what it needs is well", () => {
    const needs = (role: Role) =>
      Object.entries(service(role).depends_on ?? {}).map(([name, { condition }]) => `${name} ${condition}`);
    expect(needs("receiver")).toEqual(["nats service_healthy"]);
    expect(needs("correlator")).toEqual(["postgres service_healthy", "nats service_healthy"]);
    expect(needs("web")).toEqual(["postgres service_healthy"]);
  });

  it("lets each reach what it needs: the database by a socket alone, the bus without a way out", () => {
    expect(service("postgres")).toMatchObject({ network_mode: "none" });
    expect(networks.bus).toEqual({ internal: true });
    const on = (network: string) =>
      Object.keys(services).filter((name) => service(name).networks?.includes(network));
    expect(on("bus")).toEqual(["nats", "receiver", "correlator"]);
    const socket = Object.keys(services).filter((name) =>
      service(name).volumes.some((volume) => volume.startsWith("postgres-socket:")),
    );
    expect(socket).toEqual(["postgres", "correlator", "web"]);
  });

  it("has the server of the bus write before it acknowledges, as its users are told", () => {
    expect(read(`${FOLDER}/nats.conf`)).toMatch(/^ *sync_interval: always$/m);
    expect(read(`${FOLDER}/receiver.yml`)).toMatch(/^ *durability: sync_always$/m);
  });

  it("permits each user of the bus what deploy/nats does, for the facility of the configurations", () => {
    expect(PERMITTED.length).toBeGreaterThan(10);
    expect(subjectsOf(read(`${FOLDER}/nats.conf`), "ght-exemple")).toEqual(PERMITTED);
    for (const role of ROLES) expect(read(`${FOLDER}/${role}.yml`)).toContain("\n  id: ght-exemple\n");
  });

  it("has no secret in it: each is a file that `prepare` makes, and that something mounts", () => {
    const mounted = Object.values(services).flatMap((each) => each.secrets);
    expect([...new Set(mounted)].sort()).toEqual(Object.keys(secrets).sort());
    for (const [name, { file }] of Object.entries(secrets)) expect(file).toBe(`secrets/${name}`);
    for (const { environment = {} } of Object.values(services))
      expect(Object.keys(environment).filter((name) => /PASSWORD$|SECRET$|TOKEN$/.test(name))).toEqual([]);
    expect(read(".gitignore").split("\n")).toContain(`/${FOLDER}/secrets/`);
  });

  it("publishes the ports on which its configurations listen, and no other", () => {
    const ports = (role: Role) => (service(role).ports ?? []).map((port) => port.replace(/\/.*$/, "")).sort();
    const written = (role: Role) =>
      [...read(`${FOLDER}/${role}.yml`).matchAll(/port: (\d+)/g)].map(([, port]) => `${port}:${port}`).sort();
    for (const role of ROLES) expect(ports(role)).toEqual(written(role));
  });
});

describe("what `prepare` makes", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-compose-"));
    cpSync(join(ROOT, FOLDER), folder, { recursive: true, filter: (path) => !path.endsWith("secrets") });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const prepare = () => execFileSync(join(folder, "prepare"), ["tocsin.example.org", "192.0.2.10"]);
  const made = (name: string) => readFileSync(join(folder, "secrets", name), "utf8");
  const configurationOf = (role: Role): Config => {
    const named = [...read(`${FOLDER}/${role}.yml`).matchAll(/\/run\/secrets\/([\w.-]+)/g)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => !service(role).secrets.includes(name ?? ""))).toEqual([]);
    const text = read(`${FOLDER}/${role}.yml`).replaceAll("/run/secrets/", `${folder}/secrets/`);
    const { loaded, problems } = parseConfig(text, `/etc/tocsin/${role}.yml`, {});
    if (loaded === undefined) throw new Error(problems.map(problemSentence).join("\n"));
    return loaded.config;
  };

  itPeer(
    OPENSSL,
    "is all that is mounted, in a folder that nobody else enters, and stays when it is there",
    () => {
      prepare();
      const first = new Map(readdirSync(join(folder, "secrets")).map((name) => [name, made(name)]));
      expect([...first.keys()].filter((name) => name !== "ca.key").sort()).toEqual(
        Object.keys(secrets).sort(),
      );
      expect(statSync(join(folder, "secrets")).mode & 0o777).toBe(0o700);
      expect(statSync(join(folder, "secrets/ca.key")).mode & 0o777).toBe(0o600);
      prepare();
      for (const [name, text] of first) expect(made(name), name).toBe(text);
    },
  );

  itPeer(OPENSSL, "has certificates of one authority, for the names by which each is reached", () => {
    prepare();
    const [authority, nats, tocsin] = ["ca.pem", "nats.pem", "tocsin.pem"].map(
      (name) => new X509Certificate(made(name)),
    ) as [X509Certificate, X509Certificate, X509Certificate];
    for (const each of [nats, tocsin]) expect(each.verify(authority.publicKey)).toBe(true);
    expect([nats.checkHost("nats"), tocsin.checkHost("tocsin.example.org")]).toEqual([
      "nats",
      "tocsin.example.org",
    ]);
    expect(tocsin.checkIP("192.0.2.10")).toBe("192.0.2.10");
    expect(createPrivateKey(made("signing-key.pem")).asymmetricKeyType).toBe("ed25519");
  });

  itPeer(OPENSSL, "is what the three configurations name: each is accepted, of one facility", () => {
    prepare();
    const [receiver, correlator, web] = ROLES.map(configurationOf) as [Config, Config, Config];
    expect([correlator.facility, web.facility]).toEqual([receiver.facility, receiver.facility]);
    expect([receiver.store, web.bus]).toEqual([undefined, undefined]);
    expect({ ...web, listeners: undefined }).toEqual({ ...correlator, bus: undefined, listeners: undefined });
    expect(correlator.store && databaseOf(correlator.store)).toMatchObject({
      host: "/run/postgresql",
      user: "tocsin",
      encrypted: false,
    });
    for (const { bus } of [receiver, correlator]) {
      expect(bus?.servers).toEqual(["tls://nats:4222"]);
      expect(made("nats-passwords.conf")).toContain(
        `${bus?.username?.toUpperCase()}_PASSWORD: "${made(`${bus?.username}.password`).trim()}"`,
      );
    }
  });
});
