import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certify } from "../../support/certify.ts";
import { eventually, type House, MAIN, makeHouse } from "../../support/daemon.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type Called, startHook } from "../cluster/hook.ts";
import { type Supervised, supervise } from "../cluster/supervised.ts";
import { type Portal, startPortal } from "./portal.ts";

/** What can be wrong with a machine for as long as a file says so. */
const CONDITIONS = {
  "disk full": "UNSYNCED_FULL",
  "disk slow": "UNSYNCED_SLOW",
  "disk held": "UNSYNCED_HELD",
  "disk read-only": "UNSYNCED_READ_ONLY",
  "names gone": "NAMES_GONE",
  "names held": "NAMES_HELD",
  "main thread busy": "TOCSIN_BUSY",
} as const;
export type Condition = keyof typeof CONDITIONS;

/** What a receiver of messages does with them; it has taken each that came. */
export type HookMood = "takes" | "hangs" | "resets" | "refuses" | "lies";

const HOOKS = ["../moved-clock.ts", "busy.ts"].map((name) => join(import.meta.dirname, name));

/** One daemon in live mode under a service manager, its clients' ways in, and who receives what it sends, all to be broken. */
export interface Machine {
  house: House;
  state: string;
  /** What its disk would hold after a power cut. */
  shadow: string;
  daemon: Supervised;
  ports: { people: number; intake: number; operations: number; tcp: number; relp: number };
  portal: Portal;
  /** What the receiver of messages was told, and what it does with them. */
  hook: { called: Called[]; mood: HookMood };
  /** What is added to its environment at the next start. */
  environment: Record<string, string>;
  begin(condition: Condition): void;
  end(condition: Condition): void;
  /** What its clock says, ms; moved by `pass`. */
  now(): number;
  pass(ms: number): void;
  /** Asks what is for operations; status 0 when it does not answer within the time. */
  ask(path: string, ms?: number): Promise<{ status: number; body: string }>;
  /** Resolves once it is ready. */
  ready(seconds?: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a machine and starts its daemon. */
export async function startMachine(
  more: { systems?: string; before?: (house: House) => void } = {},
): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-machine-"));
  const at = (name: string) => join(folder, name);
  compile("../unsynced.c", at("disk.so"));
  compile("names.c", at("names.so"));
  const files = certify(at("tls"), ["DNS:portail.test"]);
  const [cert, key] = [files.certificate, files.key].map((file) => readFileSync(file, "utf8")) as [
    string,
    string,
  ];
  const portal = await startPortal({ cert, key });
  const answers: Record<HookMood, (response: ServerResponse) => void> = {
    takes: (response) => response.end("{}"),
    hangs: () => undefined,
    resets: (response) => response.destroy(),
    refuses: (response) => response.writeHead(500).end("{}"),
    lies: (response) => response.end("<h1>Bienvenue</h1>"),
  };
  const receiver = await startHook("127.0.0.1", (response) => answers[hook.mood](response));
  const hook: Machine["hook"] = { called: receiver.called, mood: "takes" };
  const house = await makeHouse({
    ...{ webhook: receiver.url.replace("127.0.0.1", "crochet.test"), systems: more.systems ?? "" },
    listen: "{ transport: relp, port: 0 }",
  });
  const [people = 0, intake = 0, operations = 0, tcp = 0, relp = 0] = await freePorts(5);
  const ports = { people, intake, operations, tcp, relp };
  configure(house, { ports, portal, authority: files.authority });
  more.before?.(house);

  const state = join(house.directory, "state");
  const shadow = at("shadow");
  cpSync(state, shadow, { recursive: true });
  let ahead = 0;
  const environment: Record<string, string> = {};
  const flag = (condition: Condition) => at(condition.replaceAll(" ", "-"));
  const conditions = Object.keys(CONDITIONS) as Condition[];
  const daemon = supervise(
    "daemon",
    () => [process.execPath, MAIN, "run", "--config", house.config],
    () => ({
      ...process.env,
      ...{ LD_PRELOAD: `${at("disk.so")}:${at("names.so")}`, UNSYNCED_WATCH: state, UNSYNCED_SHADOW: shadow },
      ...Object.fromEntries(conditions.map((each) => [CONDITIONS[each], flag(each)])),
      TOCSIN_AHEAD: at("ahead"),
      ...environment,
      NODE_OPTIONS: [...HOOKS.map((file) => `--import ${file}`), environment.NODE_OPTIONS ?? ""].join(" "),
    }),
  );

  async function ask(path: string, ms = 3000) {
    try {
      const response = await fetch(`http://127.0.0.1:${operations}${path}`, {
        signal: AbortSignal.timeout(ms),
      });
      return { status: response.status, body: await response.text() };
    } catch {
      return { status: 0, body: "" };
    }
  }

  const machine: Machine = {
    ...{ house, state, shadow, daemon, ports, portal, hook, environment, ask },
    begin: (condition) => writeFileSync(flag(condition), ""),
    end: (condition) => rmSync(flag(condition), { force: true }),
    now: () => Date.now() + ahead,
    pass(ms) {
      ahead += ms;
      writeFileSync(at("ahead"), String(ahead));
    },
    async ready(seconds = 30) {
      await eventually(
        "the daemon to be ready",
        async () => (await ask("/readyz")).status === 200 || undefined,
        seconds,
      ).catch((error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(daemon.log.slice(-6))}`);
      });
    },
    async close() {
      for (const condition of conditions) machine.end(condition);
      await daemon.kill({ again: false });
      await portal.stop();
      await receiver.stop();
      house.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    daemon.start();
    await machine.ready();
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

function compile(source: string, to: string): void {
  const from = join(import.meta.dirname, source);
  execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", to, from, "-ldl", "-lpthread"]);
}

/** Puts the daemon in live mode, on ports of its own, with the portal in place of the exercise's. */
function configure(
  house: House,
  { ports, portal, authority }: { ports: Machine["ports"]; portal: Portal; authority: string },
): void {
  const { people, intake, operations, tcp, relp } = ports;
  const on = (port: number) => `{ address: 127.0.0.1, port: ${port} }`;
  writeFileSync(join(house.directory, "portal.secret"), "k3y-of-the-facility", { mode: 0o600 });
  const settings = `settings:
      to: Le portail
      url: https://portail.test:${portal.port}/declarations
      authentication: { by: api_key, header: X-Api-Key, key: { file: portal.secret } }
      tls: { authority: { file: ${authority} } }
      receipt: { reference: /id }
      status: { url: "https://portail.test:${portal.port}/declarations/{key}", never_received: { statuses: [404] } }
      timeouts: { connect_seconds: 2, answer_seconds: 2 }
      private_networks: ["127.0.0.0/8"]`;
  const text = readFileSync(house.config, "utf8")
    .replace(/^mode:.*$/m, "mode: live")
    .replace(
      /^listeners:.*$/m,
      `listeners: { people: ${on(people)}, intake: ${on(intake)}, operations: ${on(operations)} }`,
    )
    .replace(/^outbound:.*$/m, `outbound:\n  - id: portail\n    connector: portal-http\n    ${settings}`)
    .replace("{ transport: tcp, port: 0 }", `{ transport: tcp, port: ${tcp} }`)
    .replace("{ transport: relp, port: 0 }", `{ transport: relp, port: ${relp} }`);
  writeFileSync(house.config, text);
}
