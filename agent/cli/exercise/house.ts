import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { type Document, parseDocument } from "yaml";
import { type LoadedConfig, parseConfig } from "../../../config/load.ts";
import { OUTBOUNDS } from "../../../connectors/ways-out.ts";
import { systemClock } from "../../core/clock.ts";
import { problemSentence } from "../../core/errors.ts";
import { keyRingOf } from "../../key-ring.ts";
import { recordOf } from "../../record.ts";
import { stateFiles } from "../../setup.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { openReads } from "../../store/record-place.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Reads, Store, Write } from "../../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG } from "../config-option.ts";

/** How far the exercise's ports are from those of the real daemon. */
const APART = 100;
/** What is posted in scenarios: each format a source with a token of its own. */
const POSTED = ["alertmanager", "wazuh", "generic"] as const;
const MOST_ACCOUNTS = 1000;

interface HouseOptions {
  config: string;
  state?: string;
}

/** Registers `exercise house`: a second configuration beside the real one, with a record of its own. */
export function houseCommand(exercise: Command): void {
  exercise
    .command("house")
    .description(
      "make a second configuration for exercises beside the real one: same systems, people, rosters and channels; other ports, sources and record",
    )
    .argument("[file]", "where to write it, in the folder of the real one (Default: exercice.yml)")
    .option("--config <file>", "the real configuration", DEFAULT_CONFIG)
    .option(
      "--state <directory>",
      "state directory of exercises (Default: that of the real one, with -exercice)",
    )
    .action(async (file: string | undefined, options: HouseOptions) => {
      process.exitCode = await makeHouse(file, options);
    });
}

async function makeHouse(file: string | undefined, options: HouseOptions): Promise<number> {
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) return 2;
  const base = dirname(resolve(options.config));
  const target = file === undefined ? join(base, "exercice.yml") : resolve(file);
  const state = resolve(base, options.state ?? `${loaded.stateDirectory}-exercice`);
  if (dirname(target) !== base)
    return refuse(`${target}: write it in ${base}, since what it names stands beside the real configuration`);
  if (existsSync(target)) return refuse(`${target}: it exists already`);
  if (existsSync(stateFiles(state).database)) return refuse(`${state}: there is a record already`);

  const document = parseDocument(readFileSync(options.config, "utf8"));
  const tokens = tokenFiles(state);
  derive(document, loaded, { state: relative(base, state), tokens });
  document.commentBefore = ` Maison d’exercice, faite de ${basename(options.config)} par tocsin exercise house : refaites-la quand celui-ci change.\n Tout y est marqué EXERCICE, aucune autorité ne peut être jointe.`;
  const text = document.toString({ lineWidth: 0 });
  mkdirSync(state, { recursive: true, mode: 0o700 });
  for (const path of Object.values(tokens))
    writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  const { problems } = parseConfig(text, target, process.env);
  if (problems !== undefined) return refuse(problems.map(problemSentence).join("\n"));
  writeFileSync(target, text, { flag: "wx", mode: 0o640 });

  const files = stateFiles(state);
  const store = openSqlite({
    file: files.database,
    signingKey: makeSigningKey(files.signingKey),
    clock: systemClock,
    ring: keyRingOf(loaded),
  });
  const people = await copyPeople(loaded, store);
  await store.close();
  process.stdout.write(
    `${target}: configuration d’exercice\n${state}: son dossier, avec ${people} compte(s) et leurs moyens d’entrer\n` +
      `Démarrez : tocsin run --config ${target}\nPuis : tocsin exercise play nuit-de-rancongiciel --config ${target}\n`,
  );
  return 0;
}

function tokenFiles(state: string): Record<(typeof POSTED)[number], string> {
  const path = (name: string) => join(state, `exercice-${name}.token`);
  return { alertmanager: path("alertmanager"), wazuh: path("wazuh"), generic: path("generic") };
}

/** Makes a real configuration that of an exercise: everything is kept but what must not be shared. */
function derive(
  document: Document,
  { config }: LoadedConfig,
  { state, tokens }: { state: string; tokens: Record<string, string> },
): void {
  document.set("mode", "exercise");
  document.set("state_directory", state);
  // Its real sources stay with the real daemon: what is played comes by these alone.
  document.set("sources", [
    {
      id: "exercice-journaux",
      connector: "syslog",
      listen: ["tcp", "udp"].map((transport) => ({
        transport,
        address: "127.0.0.1",
        port: 5514 + APART,
      })),
    },
    ...POSTED.map((connector) => ({
      id: `exercice-${connector}`,
      connector,
      token: { file: tokens[connector] },
    })),
  ]);
  for (const name of ["people", "intake", "operations"] as const) {
    const { port } = config.listeners[name];
    document.setIn(["listeners", name, "port"], port === 0 ? 0 : port + APART);
  }
  // The address of the real pages, and of the sign-in that the directory knows for them.
  for (const path of [
    ["listeners", "people", "public_url"],
    ["people", "oidc"],
  ])
    if (document.hasIn(path)) document.deleteIn(path);
  // Tools decide on real texts.
  document.delete("tools");
  // Copies for the crisis are made of the real record alone.
  for (const section of ["backup", "crisis"]) document.delete(section);
  // What an exercise writes never stands beside what is real: its record is a file of its own.
  for (const section of ["store", "bus"]) document.delete(section);
  const kept = config.outbound.flatMap(({ connector }, i) =>
    OUTBOUNDS.find(({ name }) => name === connector)?.reach === "assisted"
      ? [document.getIn(["outbound", i], true)]
      : [],
  );
  document.set("outbound", [
    { id: "exercice", connector: "exercise" },
    ...kept.filter((each) => each != null),
  ]);
}

/** Copies the accounts with what opens them, so that people enter as they would at night. */
async function copyPeople(loaded: LoadedConfig, store: Store): Promise<number> {
  const record = recordOf(loaded);
  if (record.engine === "sqlite" && !existsSync(record.file)) return 0;
  const facility = loaded.config.facility.id;
  const reads = await openReads(record);
  const accounts = await reads.byState(facility, "account", [], { limit: MOST_ACCOUNTS });
  for (const { content } of accounts.reverse()) {
    const writes = await meansOf(reads, facility, content.id);
    await store.commit({
      facility,
      at: systemClock.now(),
      writes: [
        {
          write: "record",
          kind: "account",
          id: content.id,
          revision: 1,
          incident: null,
          state: content.role,
          content,
        },
        ...writes,
      ],
    });
  }
  await reads.close();
  return accounts.length;
}

async function meansOf(reads: Reads, facility: string, account: string): Promise<Write[]> {
  const credentials = await reads.credentials(facility, account);
  const { revision, factors } = await reads.factors(facility, account);
  return [
    ...(credentials === undefined ? [] : [{ write: "credentials", credentials } as const]),
    ...(revision === 0 ? [] : [{ write: "factors", account, revision: 1, factors } as const]),
  ];
}

function refuse(words: string): number {
  process.stderr.write(`exercise house: ${words}\n`);
  return 2;
}
