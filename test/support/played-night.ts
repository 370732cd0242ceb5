import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BrowserContext } from "playwright-core";
import { type App, startApp } from "../../agent/app.ts";
import { NIGHT } from "../../agent/cli/demo/night.ts";
import { openDemoSender } from "../../agent/cli/demo/sender.ts";
import { findScenario } from "../../agent/cli/exercise/find-scenario.ts";
import { MICROSECONDS, systemClock } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import type { Account, Role } from "../../agent/core/person.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import { passingMasks, stateFiles } from "../../agent/setup.ts";
import { type ExerciseNote, exerciseWrite } from "../../agent/stages/exercise/exercise-runs.ts";
import { lengthOf } from "../../agent/stages/exercise/scenario.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { openLog } from "../../agent/telemetry/log.ts";
import { createAccount } from "../../agent/web/accounts.ts";
import { parseConfig } from "../../config/load.ts";
import { eventually } from "./daemon.ts";
import { gatewayServer } from "./gateway-server.ts";
import type { Place } from "./pages.ts";

const DEMO = resolve(import.meta.dirname, "../../config/demo.yml");
const PEOPLE = [
  ["camille.exemple", "Camille Exemple", "director", "Directrice"],
  ["anne.morel", "Anne Morel", "delegate", "Cadre de direction déléguée"],
  ["paul.durand", "Paul Durand", "operator", "Astreinte informatique"],
  ["sofia.benali", "Sofia Benali", "rssi", "RSSI"],
] as const satisfies readonly (readonly [string, string, Role, string])[];

/** The night of the demonstration, come whole into a daemon, with what happened before and since. */
export interface PlayedNight {
  app: App;
  place: Place;
  /** Lets somebody into a browser without a code: by a ticket of the demonstration. */
  enter(context: BrowserContext, login: (typeof PEOPLE)[number][0] | "secours-1"): Promise<void>;
  stop(): Promise<void>;
}

export async function playNight(): Promise<PlayedNight> {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-night-"));
  const phone = await gatewayServer();
  const token = "token-of-the-night";
  writeFileSync(
    join(directory, "informatique.csv"),
    "debut;fin;personne;rang\n2026-01-01 00:00;2036-01-01 00:00;paul.durand;1\n2026-01-01 00:00;2036-01-01 00:00;sofia.benali;2\n",
  );
  const sms = `{ url: "${phone.url}/sms", body: '{"to":"{{to}}","text":"{{text}}"}' }`;
  const demo = readFileSync(DEMO, "utf8")
    .replaceAll("http://127.0.0.1:9", phone.url)
    .replace(
      "outbound:",
      `  - { id: sms, connector: sms, for: [on_call, delegate], settings: ${sms} }\noutbound:`,
    );
  const text = `${demo}
rosters: [{ for: on_call, file: informatique.csv }]
sites: [{ id: nord, name: Site Nord, address: 2 rue de la Démonstration }]
`;
  const { loaded, problems } = parseConfig(text, join(directory, "tocsin.yml"), {
    DEMO_ALERTMANAGER_TOKEN: token,
    DEMO_WAZUH_TOKEN: `${token}-too`,
    DEMO_WEBHOOK_SECRET: `whsec_${Buffer.from("a secret of the night's telephones").toString("base64")}`,
    DEMO_TOOL_SECRET: `whsec_${Buffer.from("a secret of the night's tool").toString("base64")}`,
  });
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  mkdirSync(loaded.stateDirectory, { recursive: true, mode: 0o700 });
  const files = stateFiles(loaded.stateDirectory);
  const signingKey = makeSigningKey(files.signingKey);
  const before = openSqlite({ file: files.database, signingKey, clock: systemClock });
  const accounts = new Map<string, Account>();
  const parts = {
    store: before,
    clock: systemClock,
    newId: uuidv7(systemClock),
    facility: loaded.config.facility,
  };
  const enrol = async (login: string, name: string, role: Role, post: string, sealedBy?: string) => {
    const contact = { email: `${login}@ch-saint-exemple.example`, phone: "+33 1 23 45 67 89" };
    const asked = { login, name, role, function: post, ...contact, password: "un mot de passe de test" };
    const made = await createAccount(parts, sealedBy === undefined ? asked : { ...asked, sealedBy });
    accounts.set(login, made.account);
  };
  for (const [login, name, role, post] of PEOPLE) await enrol(login, name, role, post);
  await enrol("secours-1", "Accès de secours 1", "delegate", "", "Camille Exemple");
  await before.close();

  const app = await startApp(loaded, { log: openLog("error", {}, passingMasks(loaded)), demo: true });
  const { store, desk } = app;
  const sender = openDemoSender(app, { alertmanager: token, wazuh: `${token}-too` });
  const run = await beginExercise(app);
  for (const event of NIGHT) await sender.send(event.way, event.record(new Date()));
  await sender.send("tcp", "une ligne que personne ne comprend");
  await sender.close();
  const night = await eventually("the night, whole", async () => {
    const all = await desk.incidents({ limit: 10 });
    return all.find(({ incident }) => incident.alerts >= NIGHT.length)?.incident;
  });

  const page = (path: string) => `${app.people}/${desk.facility.id}/${path}`;
  const anne = accounts.get("anne.morel") as Account;
  const self = { who: "self", name: "" } as const;
  const approved = desk.newForm();
  await desk.openByHand(
    {
      form: approved,
      kinds: ["degraded_mode", "care_interrupted"],
      systems: ["dpi"],
      source: self,
      text: "Panne du DPI.",
    },
    anne,
  );
  await desk.takeUp(approved, anne);
  const draft = (await desk.dossier(approved))?.current?.declaration;
  if (draft === undefined) throw new Error("no draft");
  const { id: declaration, version, sha256 } = draft;
  await desk.approve(
    { incident: approved, declaration, version, sha256 },
    { channel: "web", second_factor: "totp" },
    anne,
  );

  return {
    app,
    place: { incident: night.id, approved, person: anne.id, outside: "", run },
    async enter(context, login) {
      const ticket = uuidv7(systemClock)();
      const now = systemClock.now();
      const account = accounts.get(login)?.id ?? "";
      const write = {
        write: "ticket",
        hash: sha256Hex(ticket),
        account,
        expires: now + MICROSECONDS.hour,
      } as const;
      await store.commit({ facility: desk.facility.id, at: now, writes: [write] });
      const tab = await context.newPage();
      await tab.goto(page(`connexion/billet?jeton=${ticket}`));
      await tab.getByRole("button", { name: "Entrer" }).click();
      await tab.waitForURL((url) => !url.pathname.endsWith("/billet"));
      await tab.close();
    },
    async stop() {
      await app.stop();
      phone.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes into the record that a scenario is played, as its player does; says which playing. */
async function beginExercise({ store, desk }: App): Promise<string> {
  const { scenario } = findScenario("nuit-de-rancongiciel");
  if (scenario === undefined) throw new Error("no scenario");
  const { name, title, summary, sha256, expectations } = scenario;
  const run = uuidv7(systemClock)();
  const notes: ExerciseNote[] = [
    {
      event: "started",
      run,
      scenario: { name, title, summary, sha256 },
      length: lengthOf(scenario),
      speed: 60,
      expectations,
    },
    { event: "sent", run, story: 0, say: "La nuit commence.", records: NIGHT.length },
    {
      event: "inject",
      run,
      story: 0,
      to: "Astreinte informatique",
      text: "Les urgences appellent : que répondez-vous ?",
    },
    { event: "ended", run, whole: true, records: NIGHT.length },
  ];
  for (const note of notes)
    await store.commit({ facility: desk.facility.id, at: systemClock.now(), writes: [exerciseWrite(note)] });
  return run;
}
