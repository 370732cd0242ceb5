import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { makeAuthority } from "./authority.ts";
import { type Daemon, FACILITY, type House, makeHouse, startDaemon } from "./daemon.ts";
import { ROOT } from "./documents.ts";

/** What is shipped for other products. */
export const INTEGRATIONS = join(ROOT, "deploy/integrations");

/** How a program ended, and what it said on standard error. */
export interface Ran {
  code: number | null;
  said: string;
}

/** Found once: what stands first on PATH may be a script that looks for it each time. */
let path: string | undefined;
function pathOf(): string {
  const words = ["-c", "import sys; print(sys.executable)"];
  path ??= [dirname(execFileSync("python3", words, { encoding: "utf8" }).trim()), process.env.PATH].join(
    delimiter,
  );
  return path;
}

/** Runs a program to its end, with nothing of our environment but PATH. */
export function run(
  words: string[],
  given: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [command = "", ...rest] = words;
    const env = { PATH: pathOf(), PYTHONDONTWRITEBYTECODE: "1", ...given.env };
    const child = spawn(command, rest, { stdio: ["pipe", "ignore", "pipe"], env });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk) => (said += chunk));
    child.on("error", reject).on("close", (code) => resolve({ code, said }));
    child.stdin.on("error", () => undefined).end(given.input ?? "");
  });
}

/** One script, installed as its README says, with the token of a source. */
export interface Installed {
  token: string;
  /** Writes its settings; those not given reach Tocsin. */
  settings(over: Record<string, unknown>): void;
  /** Where a file of it is. */
  file(name: string): string;
}

/** What stands where Tocsin would, and answers in turn what a test wants; the last for ever. */
export interface Double {
  url: string;
  answers: (
    | { status: number; headers?: Record<string, string>; body?: string }
    | ((response: ServerResponse) => void)
  )[];
  heard: { headers: IncomingHttpHeaders; body: string; commands: string }[];
  close(): void;
}

/** A daemon whose intake speaks TLS, and a double of it. */
export interface ScriptScene {
  house: House;
  daemon: Daemon;
  /** The intake, and the file of who certifies it. */
  alerts: string;
  authority: string;
  double: Double;
  install(
    files: string[],
    folders: { scripts: string; settings: string },
    source: "generic" | "wazuh",
  ): Installed;
  /** The alerts that were stored so far. */
  stored(): Promise<
    Awaited<ReturnType<ReturnType<House["reads"]>["detectionsAfter"]>>[number]["alert"]["alert"][]
  >;
  close(): Promise<void>;
}

/** Opens the scene. */
export async function openScriptScene(): Promise<ScriptScene> {
  const house = await makeHouse();
  const made = makeAuthority(join(house.directory, "tls"));
  made.issue("server", { commonName: "localhost", dns: ["localhost"] });
  const tls = "{ address: 127.0.0.1, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }";
  const text = readFileSync(house.config, "utf8").replace(/intake: \{[^}]*\}/, `intake: ${tls}`);
  writeFileSync(house.config, text);
  const daemon = await startDaemon(house);
  const alerts = daemon.alerts.replace("http://127.0.0.1", "https://localhost");
  const double = await openDouble();
  let places = 0;
  return {
    house,
    daemon,
    alerts,
    authority: made.file,
    double,
    install(files, folders, source) {
      const home = join(house.directory, `installed-${++places}`);
      for (const folder of [folders.scripts, folders.settings, "logs"])
        mkdirSync(join(home, folder), { recursive: true });
      for (const file of [...files, "tocsin_push.py"])
        cpSync(join(INTEGRATIONS, file), join(home, folders.scripts, file.slice(file.lastIndexOf("/") + 1)));
      const token = join(home, folders.settings, "tocsin.token");
      writeFileSync(token, `${house.tokens[source]}\n`, { mode: 0o600 });
      const usual = { url: `${alerts}/${source}`, token_file: "tocsin.token", ca: made.file };
      const installed: Installed = {
        token,
        settings(over) {
          const settings = { ...usual, attempts: 1, pause_seconds: 0, ...over };
          writeFileSync(join(home, folders.settings, "tocsin.json"), JSON.stringify(settings));
        },
        file: (name) => join(home, name),
      };
      installed.settings({});
      return installed;
    },
    async stored() {
      const reads = house.reads();
      try {
        const detected = await reads.detectionsAfter(FACILITY, 0, 1000);
        return [...new Map(detected.map(({ alert }) => [alert.id, alert.alert])).values()];
      } finally {
        reads.close();
      }
    },
    async close() {
      double.close();
      await daemon.end("SIGTERM");
      house.remove();
    },
  };
}

async function openDouble(): Promise<Double> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      double.heard.push({ headers: request.headers, body, commands: commands() });
      const { answers } = double;
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 202 };
      if (typeof answer === "function") answer(response);
      else response.writeHead(answer.status, answer.headers).end(answer.body ?? "");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const double: Double = {
    url: `http://127.0.0.1:${port}/api/v1/alerts/x`,
    answers: [],
    heard: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return double;
}

/** What `ps` shows of every process. */
function commands(): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8");
      } catch {
        // It has ended meanwhile.
        return "";
      }
    })
    .join("\n");
}
