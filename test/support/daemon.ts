import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { TOTP } from "otpauth";
import { systemClock } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Role as PersonRole } from "../../agent/core/person.ts";
import type { Listening } from "../../agent/intake/thread.ts";
import type { Role } from "../../agent/roles.ts";
import { ownSecret, stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openStore } from "../../agent/store/open-store.ts";
import type { PostgresPlace } from "../../agent/store/postgres/connection.ts";
import type { RecordPlace } from "../../agent/store/record-place.ts";
import { openSqliteReads, type SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { createAccount } from "../../agent/web/accounts.ts";

export const MAIN = resolve(import.meta.dirname, "../../agent/main.ts");
export const FACILITY = "ch-exemple";

/** A facility with its configuration and state in a folder of its own. */
export interface House {
  directory: string;
  config: string;
  tokens: { generic: string; wazuh: string; alertmanager: string };
  webhookSecret: string;
  toolSecret: string;
  accounts: Record<
    "anne.martin" | "paul.durand",
    { id: string; name: string; role: PersonRole; password: string; totp: string }
  >;
  /** Opens its record to read. */
  reads(): SqliteReads;
  remove(): void;
}

/** A running daemon, in a process of its own. */
export interface Daemon {
  process: ChildProcess;
  /** Its configuration. */
  config: string;
  people: string;
  operations: string;
  alerts: string;
  tcp: number;
  udp: number;
  tls: number;
  /** Every socket, with the source it is of. */
  listening: Listening[];
  /** Log records so far. */
  log: Record<string, unknown>[];
  /** Sends a signal and waits for the end; resolves with the exit code, null after a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const SECRET = (name: string) => `whsec_${Buffer.from(`secret of ${name} for the tests`).toString("base64")}`;

/** Makes a facility: configuration with free ports, secrets, key and two accounts. */
export async function makeHouse(
  options: {
    webhook?: string;
    mode?: "exercise" | "observe";
    listen?: string;
    sources?: string;
    notify?: string;
    systems?: string;
    more?: string;
    /** Its id. (Default: that of the tests.) */
    facility?: string;
    /** Where its record is, when others share it; in its own folder unless told. */
    record?: PostgresPlace;
  } = {},
): Promise<House> {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-test-"));
  mkdirSync(join(directory, "state"), { mode: 0o700 });
  const secrets = {
    generic: "token-of-the-generic-source",
    wazuh: "token-of-the-wazuh-source",
    alertmanager: "token-of-the-alertmanager-source",
    webhook: SECRET("the webhook"),
    tool: SECRET("the tool"),
  };
  for (const [name, value] of Object.entries(secrets))
    writeFileSync(join(directory, `${name}.secret`), value, { mode: 0o600 });
  const config = join(directory, "tocsin.yml");
  writeFileSync(config, configText(options));
  const files = stateFiles(join(directory, "state"));
  const clock = systemClock;
  const { record, facility = FACILITY } = options;
  const place: RecordPlace =
    record === undefined
      ? { engine: "sqlite", file: files.database }
      : { engine: "postgres", place: record, checkpointsFile: checkpointsFileOf(files.database) };
  const store = await openStore(place, { signingKey: makeSigningKey(files.signingKey), clock });
  // Those that share a record share these too.
  for (const secret of [files.sessionSecret, files.maskSecret]) ownSecret(secret);
  const newId = uuidv7(clock);
  const account = async (login: string, name: string, role: PersonRole) => {
    const password = `mot de passe de ${login}`;
    const made = await createAccount(
      { store, clock, newId, facility: { id: facility, name: "CH Exemple" } },
      { login, name, role, function: "", email: "", phone: "", password },
    );
    return { id: made.account.id, name, role, password, totp: made.totp };
  };
  const accounts = {
    "anne.martin": await account("anne.martin", "Anne Martin", "delegate"),
    "paul.durand": await account("paul.durand", "Paul Durand", "operator"),
  };
  await store.close();
  return {
    directory,
    config,
    tokens: { generic: secrets.generic, wazuh: secrets.wazuh, alertmanager: secrets.alertmanager },
    webhookSecret: secrets.webhook,
    toolSecret: secrets.tool,
    accounts,
    reads: () => openSqliteReads(files.database),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function configText({
  webhook,
  mode = "exercise",
  listen = "",
  sources = "",
  notify = "",
  systems = "",
  more = "",
  facility = FACILITY,
  record,
}: {
  webhook?: string;
  mode?: string;
  /** Sockets of the source `lines` beside UDP and TCP. */
  listen?: string;
  /** Sources and channels beside these, each a line of its list. */
  sources?: string;
  notify?: string;
  /** Systems beside these, each a line. */
  systems?: string;
  more?: string;
  facility?: string;
  record?: PostgresPlace;
}): string {
  const loopback = "{ address: 127.0.0.1, port: 0 }";
  return `facility: { id: ${facility}, name: CH Exemple, kind: etablissement_de_sante, time_zone: Europe/Paris }
mode: ${mode}
state_directory: ./state
listeners: { people: ${loopback}, intake: ${loopback}, operations: ${loopback} }
sources:
  - { id: lines, connector: syslog, zone: ${Intl.DateTimeFormat().resolvedOptions().timeZone}, listen: [{ transport: udp, port: 0 }, { transport: tcp, port: 0 }, ${listen}] }
  - { id: generic, connector: generic, token: { file: generic.secret } }
  - { id: wazuh, connector: wazuh, token: { file: wazuh.secret } }
  - { id: alertmanager, connector: alertmanager, token: { file: alertmanager.secret } }
${sources}
systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: ["pacs-*"], health_data: true, care_critical: true, degraded_after_minutes: 30, depends_on: [annuaire] }
  - { id: annuaire, name: Annuaire, kind: directory, hosts: ["dc0*"], trusted_by_others: true }
${systems}
outbound: [{ id: sortie, connector: ${mode === "exercise" ? "exercise" : "portal-assisted"} }, { id: cert, connector: help-phone }]
tools: [{ id: soc, secret: { file: tool.secret } }]
${webhook === undefined ? (notify === "" ? "" : `notify:\n${notify}`) : `notify: [{ id: crochet, connector: webhook, for: [on_call, delegate], settings: { url: "${webhook}", secret: { file: webhook.secret } } }]`}
${record === undefined ? "" : `store: postgres://${record.user}@${record.host}:${record.port}/${record.database}`}
${more}`;
}

/** Starts the daemon of a house, by `through` if given, and waits until it is ready; rejects with its log when it ends instead. */
export async function startDaemon(
  house: House,
  environment: Record<string, string> = {},
  through: readonly string[] = [],
  role: Role = "all",
): Promise<Daemon> {
  const [program = process.execPath, ...given] = [
    ...through,
    process.execPath,
    MAIN,
    "run",
    "--config",
    house.config,
    ...(role === "all" ? [] : ["--role", role]),
  ];
  const child = spawn(program, given, {
    stdio: ["ignore", "inherit", "pipe"],
    env: { ...process.env, ...environment },
  });
  const log: Record<string, unknown>[] = [];
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      const record = line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : { message: line };
      log.push(record);
      if (record.message === "ready") resolve(record);
    });
    void ended.then((code) => reject(new Error(`the daemon ended with ${code}: ${JSON.stringify(log)}`)));
  });
  const { people, operations, listening } = (await ready) as {
    people: string;
    operations: string;
    listening: Listening[];
  };
  const port = (transport: Listening["transport"]) =>
    listening.find((each) => each.transport === transport)?.port ?? 0;
  return {
    process: child,
    config: house.config,
    people,
    operations,
    alerts: `http://127.0.0.1:${port("http")}/api/v1/alerts`,
    tcp: port("tcp"),
    udp: port("udp"),
    tls: port("tls"),
    listening,
    log,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Posts alerts as a source does. */
export async function post(
  daemon: Daemon,
  connector: string,
  token: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${daemon.alerts}/${connector}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The value of one line of /metrics, named with its labels; 0 when there is none. */
export async function metric(daemon: Daemon, name: string): Promise<number> {
  const text = await (await fetch(`${daemon.operations}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** The one-time code of an account, now unless told (ms). */
export function codeOf(account: { totp: string }, timestamp = Date.now()): string {
  return new TOTP({ secret: account.totp }).generate({ timestamp });
}

/** Looks again until something is there; fails with `what` after `seconds`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  seconds = 20,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** An alert that the default pack recognises, with an identity of its own. */
export function relevant(id: string, host = "pacs-01"): Record<string, unknown> {
  return { event: { id }, host, message: `vssadmin.exe delete shadows /all /quiet (${id})` };
}
