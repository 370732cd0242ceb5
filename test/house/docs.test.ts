import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { eventually } from "../support/daemon.ts";
import { DOCUMENTS, fencesOf, LINKED, ROOT, read } from "../support/documents.ts";
import { freePorts } from "../support/free-ports.ts";
import { itPeer, peer } from "../support/peer.ts";

/** Fences that hold no command; `sh` is the one that does. */
const SHOWN = ["text", "yaml", "json", "js", "xml", "mermaid", "sql"];

/** What needs root on a machine that systemd runs: its own tools judge the unit instead. */
const SYSTEMD = "needs root and a running systemd: see test/real/systemd.test.ts";

/** What installs on a host. */
const BARE = "writes to the whole machine: test/real/bare-root.test.ts runs it in a root of its own";

/** What makes or starts the image. */
const DOCKER = "needs Docker and a registry: test/real/image.test.ts goes through the steps";

/** What makes the archive. */
const ARCHIVE = "fetches packages: test/real/tarball.test.ts makes archives of stand-ins";

/** What works on a record in PostgreSQL. */
const POSTGRES = "needs PostgreSQL: test/real/postgres-commands.test.ts runs every command of that page";

/** Commands that are not run as they stand: why, and how they are run instead. */
const OTHERWISE: Readonly<Record<string, string>> = {
  "npm ci && npm run demo":
    "installs, then never ends: `npm run demo` is started, waited for and stopped below",
  "npm ci": "installs: these tests stand on its result",
  "npm cit": "installs, then runs these tests",
  "npm test": "runs these tests",
  "npm run check": "runs for minutes: `.ci/run` runs it after these tests",
  "npm run bench": "runs for minutes: test/house/bench.test.ts runs each bench with tiny sizes",
  "npm run mutation -- rules/engine":
    "runs for hours: test/mutation/named-places.test.ts runs it on the named places",
  "node test/load/storm.ts --peers": "runs for minutes: test/load/load.test.ts runs it for seconds",
  "node test/load/soak.ts": "runs for half an hour: test/load/load.test.ts runs it for seconds",
  "npm run tocsin -- init": "asks on a terminal: run below with its answers as options",
  "npm start": "never ends: started, waited for and stopped below",
  "install -D -t /tmp/paquets package.json package-lock.json .npmrc": ARCHIVE,
  "npm ci --omit=dev --ignore-scripts --prefix /tmp/paquets": ARCHIVE,
  "deploy/tarball /tmp/paquets/node_modules /tmp": ARCHIVE,
  "sha256sum -c tocsin-0.1.0-linux-x64.tar.gz.sha256": BARE,
  "tar -xzf tocsin-0.1.0-linux-x64.tar.gz -C /opt": BARE,
  "ln -sfn tocsin-0.1.0 /opt/tocsin": BARE,
  "ln -sfn /opt/tocsin/deploy/tocsin /usr/local/bin/tocsin": BARE,
  "systemd-sysusers /opt/tocsin/deploy/systemd/tocsin.sysusers": BARE,
  "install -m 0644 /opt/tocsin/deploy/systemd/tocsin.service /etc/systemd/system/tocsin.service": BARE,
  "systemctl daemon-reload": BARE,
  "tocsin init": BARE,
  "tocsin check": BARE,
  "systemctl enable --now tocsin": BARE,
  "systemctl status tocsin": SYSTEMD,
  "journalctl -u tocsin -o cat -n 50": SYSTEMD,
  "systemctl reload tocsin": SYSTEMD,
  "systemd-analyze security tocsin": SYSTEMD,
  "promtool check rules deploy/prometheus/tocsin.rules.yml":
    "needs Prometheus: test/real/prometheus.test.ts runs it",
  "promtool test rules deploy/prometheus/tocsin.rules.test.yml":
    "needs Prometheus: test/real/prometheus.test.ts runs it",
  "docker build -t tocsin .": DOCKER,
  "docker run -it --rm -v tocsin-config:/etc/tocsin -v tocsin-state:/state tocsin init": DOCKER,
  "docker run -d --name tocsin --read-only --tmpfs /tmp --cap-drop ALL -v tocsin-config:/etc/tocsin:ro -v tocsin-state:/state -p 8470:8470 -p 8471:8471 -p 6514:6514 -p 5514:5514/tcp -p 5514:5514/udp tocsin":
    DOCKER,
  "docker compose -f deploy/compose.yml run --rm init": DOCKER,
  "docker compose -f deploy/compose.yml up -d": DOCKER,
  "npm run -s tocsin -- migrate --tables --config config/owner.yml": POSTGRES,
  "npm run -s tocsin -- check --config config/tocsin.yml": POSTGRES,
  "npm run -s tocsin -- migrate --from sqlite --to postgres --config config/tocsin.yml": POSTGRES,
  "npm run -s tocsin -- migrate --from postgres --to sqlite --config config/tocsin.yml": POSTGRES,
  "npm run -s tocsin -- verify --config config/tocsin.yml": POSTGRES,
  "npm run tocsin -- certificate":
    "needs the certificate of an installation open to others: agent/cli/init/make-tls.test.ts",
};

/** Commands that are run, and when: in a fresh copy, once it is set up, or while its daemon runs. */
const SET_UP = /^npm run -s tocsin -- init --/;
const LIVE = /^(curl|logger) /;
const RUN =
  /^(npm run (-s )?tocsin -- (parse|rules|mappings|replay|verify|check|account|quarantine|assets|packs|requalify|hunt|report|register|export|schemas|outbound|retention|subject|backup|restore|resume|kit|exercise|keys)\b|npm run demo -- --once|npx vitest run|tar|head|cp) ?/;

/** What some commands must say, on standard output or standard error. */
const SAYS: readonly (readonly [RegExp, RegExp])[] = [
  [/parse --explain/, /^record 1\n {2}format {3}/],
  [/parse --year .*night\.log$/, /^(\{"line":\d,"alert":\{"@timestamp":"2026-11-15T0[01]:.*\n){8}$/],
  [/parse --as/, /^\{"line":1,"alert":\{/],
  [/rules match/, /Restore Points Or Backups Deleted/],
  [/rules check .*--json/, /"refused":\[\],"ungated":\[\],"warnings":\[\],"inactive":\[\]/],
  [/rules check .*--meanings/, /2 loaded, 0 refused/],
  [/rules explain recovery-destroyed/, /^MATCH .*\n(.*\n)*gate {8}opened: .*"vssadmin"/],
  [/rules coverage .*rules\/detection$/, /Rançongiciel[\s\S]* rules, \d+ techniques/],
  [/replay .*--expect/, /3 expectations, 0 not met/],
  [/assets import .*--write/, /written to \S*assets\/glpi\.yml/],
  [/assets import .*glpi$/, /4 machine\(s\): 4 added, 0 changed, 0 gone, 0 as before\nnothing was written/],
  [/assets list/, /^dpi {2}Dossier patient .*\(by default\)/],
  [/rules test/, / 0 failed, 0 problems/],
  [/mappings check/, / 0 problems/],
  [/mappings test/, / 0 failed, 0 problems/],
  [/mappings suggest \S+$/, /^mapping: barriered$[\s\S]*^ {2}user\.name: login_id$/m],
  [/replay --year/, /À déclarer maintenant : sécurité des soins \(potentiel\)/],
  [/replay --json/, /"verdict":"declare"/],
  [/demo -- --once/, /Dossier de preuve : [\s\S]*Journal scellé : intact, \d+ entrées/],
  [/verify \S*dossier\.json/, /^Dossier intact \(EXERCICE\)/],
  [/keys list/, /^Configuration: no encryption\nThe record is in clear\.$/m],
  [/verify( --database|$)/, /^Journal intact : \d+ entrée/],
  [/packs list/, /^sante-2022 \d.*[\s\S]*in effect 2022/m],
  [/packs sign/, /signed with the key [0-9a-f]{16}\nTo trust it: packs: /],
  [/packs check/, /^rgpd-33 [\d.]+: 0 problem/m],
  [/hunt .*--dry-run/, /\d+ records read, \d+ matches, [\s\S]*dry run: nothing was changed/],
  [/requalify/, /\d+ dossiers, \d+ come out otherwise/],
  [/report --week/, /^Bilan de la semaine du [\s\S]*c'est en prendre connaissance/],
  [/register report --year 2026$/, /^Rapport de l'auditeur 2026, /],
  [/register export .*--bom/, /^\uFEFFNature,Référence,/],
  [/retention plan$/, /0 {2}dossiers {4}dossiers clos, 1825 jours\n[\s\S]*plan only/],
  [/retention apply/, /erased$/m],
  [/-- subject /, /^Données détenues par Tocsin, [\s\S]*à relire avant toute remise/],
  [/-- export .* json$/, /"format": "tocsin-declaration\/1"[\s\S]*"deliveries": \[/],
  [/-- export .* markdown$/, /^# Déclaration initiale \d{4}-0001, version 1\n/],
  [/-- export .*--tlp AMBER$/, /"name": "TLP:AMBER"/],
  [/-- export .*--tlp AMBER\+STRICT$/, /"name": "tlp:amber\+strict"/],
  [/backup (--with-secrets )?--to/, /\.tocsin\n[\s\S]*journal : ch-exemple jusqu'au n° \d+/],
  [/backup key/, /^age1[a-z0-9]{58}\n/],
  [/restore /, /^Restauré dans [\s\S]*Journal intact jusqu'au n° \d+/],
  [/--against/, /Comparé : ch-exemple, les deux journaux|FOURCHE : ch-exemple|Comparé : ch-exemple, /],
  [/resume /, /^Repris dans [\s\S]*époque 2[\s\S]*run --config/],
  [/kit --to/, /kit-\d{8}T\d{6}Z(-EXERCICE)?\.pdf\n/],
  [/schemas /, /openapi\.json$/m],
  [/exercise list$/, /^nuit-de-rancongiciel +75 min/m],
  [/exercise check /, /no problem found/],
  [/exercise house$/, /configuration d’exercice\n.*compte\(s\)/],
  [/outbound test$/, /^\S+ : .* – non vérifié \(.+\)$/m],
  [/-- check/, /no problem found/],
  [/alerts\/\w+$/, /"rejected":\[\]/],
  [/readyz/, /"status":"ready"/],
  [/alive$/, /"status":"alive"/],
  [/metrics$/, /tocsin_started_seconds \d/],
];

interface Command {
  text: string;
  where: string;
}

/** The commands of every `sh` fence, in the order of reading, each once. */
function commandsOf(files: readonly string[]): Command[] {
  const found = new Map<string, Command>();
  for (const file of files) {
    for (const { language, lines } of fencesOf(file)) {
      if (language !== "sh") continue;
      for (const line of lines.join("\n").replaceAll("\\\n", "").split("\n")) {
        const text = line.trim();
        if (text !== "" && !text.startsWith("#") && !found.has(text)) found.set(text, { text, where: file });
      }
    }
  }
  return [...found.values()];
}

const COMMANDS = commandsOf(DOCUMENTS);
const later = COMMANDS.filter(({ text }) => RUN.test(text) && !(text in OTHERWISE));
/** Those that neither need nor leave anything may run together. */
const [apart, inOrder] = [true, false].map((alone) =>
  later.filter(({ text }) => / -- (parse|rules|replay) |^npx /.test(text) === alone),
) as [Command[], Command[]];
const live = COMMANDS.filter(({ text }) => LIVE.test(text));
const setUp = COMMANDS.filter(({ text }) => SET_UP.test(text));

/** A person's environment: npm's and the test runner's additions are left out, and so is our Node on the path. */
const ENVIRONMENT = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|TEST$|INIT_CWD)/.test(name)),
  ),
  PATH: (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.endsWith("node_modules/.bin"))
    .join(delimiter),
  OUR_NODE: process.execPath,
};

/** A copy of what the documents speak of, with the installed packages, in a folder that stands for /tmp too. */
const folder = mkdtempSync(join(tmpdir(), "tocsin-docs-"));
const copy = join(folder, "tocsin");
const COPIED = [
  "agent",
  "config",
  "connectors",
  "deploy",
  "docs",
  "rules",
  "test",
  "package.json",
  "vitest.config.ts",
];
const running = new Set<ChildProcess>();

beforeAll(() => {
  const own = new Set(["tocsin.yml", "secrets", "assets"].map((name) => join(ROOT, "config", name)));
  for (const entry of COPIED)
    cpSync(join(ROOT, entry), join(copy, entry), { recursive: true, filter: (from) => !own.has(from) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => {
  for (const child of running) signal(child, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts what a person types, in a process group of its own. */
function start(text: string): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
  const child = spawn("sh", ["-c", text.replaceAll("/tmp/", `${folder}/`)], {
    cwd: copy,
    env: ENVIRONMENT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("close", () => running.delete(child));
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, said: () => said, ended };
}

/** Reaches the whole group, as Ctrl-C on a terminal does. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), name);
  } catch {
    // It has ended already.
  }
}

/** What npm starts for a command: it takes longer than most of them, and is proved by those of the README. */
function direct({ text, where }: Command): string {
  return where === "README.md"
    ? text
    : text.replace(/npm run (-s )?tocsin -- /g, '"$OUR_NODE" agent/main.ts ');
}

/** Runs a command to its end and returns what it said. */
async function run(text: string, started = text): Promise<string> {
  const { said, ended } = start(started);
  expect({ code: await ended, said: said() }, text).toMatchObject({ code: 0 });
  for (const [command, words] of SAYS) if (command.test(text)) expect(said(), text).toMatch(words);
  return said();
}

describe("documented commands", () => {
  it("are found, and each is either run or named with its reason", () => {
    expect(later.length).toBeGreaterThan(10);
    expect(live.length).toBeGreaterThan(3);
    expect(setUp).toHaveLength(1);
    const texts = COMMANDS.map(({ text }) => text);
    const unknown = texts.filter(
      (text) => !SET_UP.test(text) && !LIVE.test(text) && !RUN.test(text) && !(text in OTHERWISE),
    );
    expect(unknown).toEqual([]);
    expect(Object.keys(OTHERWISE).filter((text) => !texts.includes(text))).toEqual([]);
  });

  it.each(LINKED)("%s has no fence of an unknown kind", (file) => {
    const kinds = fencesOf(file).map(({ language }) => language);
    expect(kinds.filter((kind) => kind !== "sh" && !SHOWN.includes(kind))).toEqual([]);
  });
});

describe("an installation made and started as documented", () => {
  const ports = new Map<string, number>();
  /** The documented ports, which may be taken here, replaced by free ones. */
  const here = (text: string) =>
    text.replace(/\b(8470|8471|8472|5514)\b/g, (port) => String(ports.get(port) ?? port));
  let otpauth = "";
  let daemon: ReturnType<typeof start>;

  beforeAll(async () => {
    const said = await run(setUp[0]?.text ?? "false");
    otpauth = /otpauth:\S+/.exec(said)?.[0] ?? "";
    const free = await freePorts(4);
    for (const [i, port] of ["8470", "8471", "8472", "5514"].entries()) ports.set(port, free[i] ?? 0);
    const config = join(copy, "config/tocsin.yml");
    const tool = "tools: [{ id: soc, secret: { file: secrets/soc.secret } }]";
    writeFileSync(config, here(readFileSync(config, "utf8")).replace("tools: []", tool));
    writeFileSync(
      join(copy, "config/secrets/soc.secret"),
      Buffer.from("the secret of the tool soc").toString("base64"),
    );
    daemon = start("npm start");
    await eventually(
      "the daemon's readiness",
      () => (daemon.said().includes('"message":"ready"') ? true : undefined),
      40,
    );
  });

  for (const { text, where } of live) {
    const command = text.split(" ")[0] ?? "";
    itPeer(
      peer(command, command, `apt-get install ${command === "logger" ? "bsdutils" : command}`),
      `${where}: ${text}`,
      async () => {
        await run(here(text));
      },
    );
  }

  it("takes the decision that the example signs", async () => {
    for (const name of ["generic", "wazuh"]) {
      const token = readFileSync(join(copy, `config/secrets/${name}.token`), "utf8").trim();
      const sent = await fetch(here(`http://127.0.0.1:8471/api/v1/alerts/${name}`), {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: read(`docs/examples/${name}.ndjson`),
      });
      expect(sent.status).toBe(202);
    }
    const reads = openSqliteReads(join(copy, "state/tocsin.sqlite"));
    const { id, version } = await eventually("a draft", async () => {
      const [found] = await reads.byState("ch-exemple", "declaration", ["draft"], { limit: 1 });
      const [waiting] = await reads.byState("ch-exemple", "incident", ["in_review"], { limit: 1 });
      return waiting === undefined ? undefined : found?.content;
    });
    const sha256 = (await reads.record("ch-exemple", "declaration", `${id}/${version}`))?.content.sha256;
    reads.close();
    const code = new TOTP({ secret: new URL(otpauth).searchParams.get("secret") ?? "" }).generate();
    const secret = readFileSync(join(copy, "config/secrets/soc.secret"), "utf8");
    const environment = `TOCSIN_URL=${here("http://127.0.0.1:8470")} TOCSIN_SECRET=${secret}`;
    const said = await run(
      `${environment} node docs/examples/decide.mjs ${id} ${version} ${sha256} camille.exemple ${code}`,
    );
    expect(said).toBe('200 {"outcome":"approved"}\n');
    expect(fencesOf("docs/api.md").filter(({ language }) => language === "js")).toEqual([
      { language: "js", lines: read("docs/examples/decide.mjs").trimEnd().split("\n") },
    ]);
  });

  it("stops when it is told to", async () => {
    signal(daemon.child, "SIGINT");
    await daemon.ended;
    expect(daemon.said()).toContain('"message":"stopping"');
    expect(daemon.said()).not.toMatch(/"level":"(error|warn)"/);
    const answer = fetch(here("http://127.0.0.1:8472/healthz"));
    await expect(answer).rejects.toThrow();
  });

  it.each(inOrder)("$where: $text", { timeout: 60_000 }, async (command) => {
    // References count within the year in which an incident opens.
    await run(command.text, direct(command).replace(/\b2026-0001\b/, `${new Date().getUTCFullYear()}-0001`));
  });

  it.concurrent.each(apart)("$where: $text", { timeout: 60_000 }, async (command) => {
    await run(command.text, direct(command));
  });
});

it("npm run demo plays the night, waits, and stops when it is told to", { timeout: 60_000 }, async () => {
  const demo = start("npm run demo -- --quick");
  await eventually(
    "the invitation",
    () => (demo.said().includes("Code à usage unique") ? true : undefined),
    40,
  );
  expect(demo.said()).toMatch(/http:\S+\/connexion\/billet\?jeton=/);
  signal(demo.child, "SIGINT");
  await demo.ended;
});
