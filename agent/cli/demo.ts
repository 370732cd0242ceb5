import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Command, CommanderError } from "commander";
import { TOTP } from "otpauth";
import { parseConfig } from "../../config/load.ts";
import { type App, startApp } from "../app.ts";
import { isoFromInstant, MICROSECONDS, systemClock } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { INCIDENT_STATES, type Incident } from "../core/incident.ts";
import { sha256Hex } from "../core/sha256.ts";
import { passingMasks, stateFiles } from "../setup.ts";
import type { Dossier } from "../stages/desk/desk.ts";
import type { Work } from "../stages/work.ts";
import { writeBundle } from "../store/bundle.ts";
import { checkpointsFileOf } from "../store/checkpoints.ts";
import { loadSigningKey, makeSigningKey } from "../store/keys.ts";
import { verifyDatabase } from "../store/verify.ts";
import { openLog } from "../telemetry/log.ts";
import { createAccount } from "../web/accounts.ts";
import { openDelegate } from "./demo/delegate.ts";
import { NIGHT } from "./demo/night.ts";
import { openPhone } from "./demo/phone.ts";
import { openScreen, type Screen } from "./demo/screen.ts";
import { openDemoSender } from "./demo/sender.ts";
import { noise } from "./exercise/noise.ts";

interface DemoOptions {
  once?: boolean;
  bundle?: string;
  quick?: boolean;
}

const NOISE_LINES = 2000;
const DEMO_CONFIG = join(import.meta.dirname, "../../config/demo.yml");
const ANSWERS = { degraded_mode: "yes", care_diverted: "no", others_affected: "no" };

/** Who each channel of the demonstration reaches, by its path. */
const TOLD: Readonly<Record<string, string>> = {
  astreinte: "☎ astreinte informatique",
  deleguee: "☎ déléguée",
  dpo: "✉ délégué à la protection des données",
};

/** Registers `demo`: a ransomware night at a fictitious hospital, through the daemon's real sockets. */
export function demoCommand(program: Command): void {
  program
    .command("demo")
    .description("play a ransomware night at a fictitious hospital, in exercise mode, on a throw-away store")
    .option(
      "--once",
      "go on without anybody: sign in, answer, approve, file in exercise, verify, print the record",
    )
    .option("--bundle <file>", "with --once, write the record as one file for `tocsin verify FILE`")
    .option("--quick", "do not wait between the events of the night")
    .action(async (options: DemoOptions) => {
      if (options.bundle !== undefined) {
        if (!options.once) throw new CommanderError(2, "demo.bundle", "--bundle goes with --once");
        // Tried before the night rather than after it.
        writeFileSync(options.bundle, "");
      }
      const directory = mkdtempSync(join(tmpdir(), "tocsin-demo-"));
      try {
        await demo(options, directory);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
}

async function demo(options: DemoOptions, directory: string): Promise<void> {
  const screen = openScreen(process.stdout);
  const interrupted = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.resolve());

  screen.title("Tocsin : une nuit de rançongiciel au Centre hospitalier de Saint-Exemple (fictif)");
  screen.line("EXERCICE : rien ne sort de cette machine, aucune autorité n'est jointe.");
  const tokens = { alertmanager: token(), wazuh: token() };
  const webhookSecret = `whsec_${randomBytes(24).toString("base64")}`;
  const phone = await openPhone(webhookSecret, (whom, message) =>
    screen.event("", `${TOLD[whom] ?? whom} : ${message.subject}. ${message.text}`, "yellow"),
  );
  let story = "01:52";
  const app = await startDemoApp(directory, phone.url, { tokens, webhookSecret }, (before, work) =>
    tellChange(screen, story, before, work),
  );
  try {
    const delegate = await enrol(app);
    screen.line(
      `Démon prêt : pages ${app.people}, exploitation ${app.operations}, ${app.rules.loaded} règles.`,
    );
    const sender = openDemoSender(app, tokens);
    const zone = app.desk.facility.timeZone;
    screen.title("La nuit");
    const wait = options.quick || options.once ? 150 : 1500;
    let stopped = false;
    void interrupted.promise.then(() => {
      stopped = true;
    });
    let sent = 0;
    for (const event of NIGHT) {
      if (stopped) break;
      for (const until = sent + NOISE_LINES / NIGHT.length; sent < until; sent++) {
        await sender.send(sent % 3 === 0 ? "udp" : "tcp", noise(systemClock.now(), zone)(sent));
      }
      story = event.story;
      screen.event(story, event.said, "cyan");
      await sender.send(event.way, event.record(new Date()));
      await pause(wait);
    }
    await sender.close();
    screen.event(story, `(et ${sent} lignes de bruit reçues, que la barrière a écartées)`, "dim");
    if (stopped) return;

    const dossier = await settledDossier(app);
    screen.dossier(dossier);
    const link = await ticketLink(app, delegate.account.id);
    screen.title("À vous");
    screen.line(
      `Page de l'incident : ${app.people}/${app.desk.facility.id}/incidents/${dossier.incident.id}`,
    );
    screen.line(`Entrer comme déléguée de démonstration (une fois) : ${link}`);
    if (options.once)
      await goOn(app, { dossier, link, totp: delegate.totp, directory, screen, bundle: options.bundle });
    else await stayUp(screen, delegate.totp, interrupted.promise);
  } finally {
    await app.stop();
    phone.close();
  }
}

/** Starts the daemon on the demonstration's configuration, with its ports, phones and secrets of the moment. */
async function startDemoApp(
  directory: string,
  phoneUrl: string,
  secrets: { tokens: { alertmanager: string; wazuh: string }; webhookSecret: string },
  onChange: (before: Incident | undefined, work: Work) => void,
): Promise<App> {
  const text = readFileSync(DEMO_CONFIG, "utf8").replaceAll("http://127.0.0.1:9", phoneUrl);
  const { loaded, problems } = parseConfig(text, join(directory, "tocsin.yml"), {
    DEMO_ALERTMANAGER_TOKEN: secrets.tokens.alertmanager,
    DEMO_WAZUH_TOKEN: secrets.tokens.wazuh,
    DEMO_WEBHOOK_SECRET: secrets.webhookSecret,
    DEMO_TOOL_SECRET: `whsec_${randomBytes(24).toString("base64")}`,
  });
  if (loaded === undefined) throw new Error(problems.map(problemSentence).join("\n"));
  const { signingKey } = stateFiles(loaded.stateDirectory);
  mkdirSync(loaded.stateDirectory, { recursive: true, mode: 0o700 });
  makeSigningKey(signingKey);
  return startApp(loaded, { log: openLog("error", {}, passingMasks(loaded)), demo: true, onChange });
}

function enrol(app: App) {
  const clock = systemClock;
  return createAccount(
    { store: app.store, clock, newId: uuidv7(clock), facility: app.desk.facility },
    {
      login: "camille.exemple",
      name: "Camille Exemple",
      role: "delegate",
      function: "Directrice déléguée (fictive)",
      email: "camille@ch-saint-exemple.example",
      phone: "+33 0 00 00 00 00",
      password: randomBytes(18).toString("base64url"),
    },
  );
}

/** A link that shows a button; only the button signs in, and once. */
async function ticketLink(app: App, account: string): Promise<string> {
  const ticket = token();
  const hash = sha256Hex(ticket);
  const at = systemClock.now();
  await app.store.commit({
    facility: app.desk.facility.id,
    at,
    writes: [{ write: "ticket", hash, account, expires: at + 12 * MICROSECONDS.hour }],
  });
  return `${app.people}/${app.desk.facility.id}/connexion/billet?jeton=${ticket}`;
}

function tellChange(
  screen: Screen,
  story: string,
  before: Incident | undefined,
  { incident, qualification }: Work,
): void {
  if (before?.state === incident.state) return;
  screen.event(
    story,
    `▶ incident ${incident.reference} : ${INCIDENT_STATES[incident.state]}`,
    incident.state === "in_review" ? "red" : "bold",
  );
  if (incident.state === "in_review" && qualification !== undefined)
    screen.event("", qualification.sentence, "red");
}

/** Waits until everything sent was taken in: eight alerts that matter, one incident. */
async function settledDossier(app: App): Promise<Dossier> {
  for (let tries = 0; tries < 100; tries++) {
    const [first] = await app.desk.incidents({ limit: 1 });
    if (first !== undefined && first.incident.alerts >= NIGHT.length) {
      const dossier = await app.desk.dossier(first.incident.id);
      if (dossier !== undefined) return dossier;
    }
    await pause(100);
  }
  throw new Error("the night did not arrive whole: fewer alerts than were sent after ten seconds");
}

async function goOn(
  app: App,
  night: {
    dossier: Dossier;
    link: string;
    totp: string;
    directory: string;
    screen: Screen;
    bundle: string | undefined;
  },
): Promise<void> {
  const { screen, dossier } = night;
  const incident = dossier.incident.id;
  const delegate = openDelegate({
    site: app.people,
    facility: app.desk.facility.id,
    totp: night.totp,
    dossier: (id) => app.desk.dossier(id),
  });
  screen.title("La déléguée");
  await delegate.signIn(night.link);
  screen.line("Entrée par le billet de démonstration.");
  await delegate.answer(incident, ANSWERS);
  screen.line("Réponses : mode dégradé oui ; patients réorientés non ; autres établissements touchés non.");
  await delegate.approve(incident);
  screen.line("Texte validé avec le code à usage unique.");
  const filed = await until(async () => {
    const now = await app.desk.dossier(incident);
    return now?.incident.state === "declared" ? now : undefined;
  });
  printRecord(screen, filed);
  await app.store.checkpoint(app.desk.facility.id);
  const files = stateFiles(join(night.directory, "state"));
  const key = loadSigningKey(files.signingKey);
  if (night.bundle !== undefined) {
    const created = systemClock.now();
    const bytes = await writeBundle({
      reads: app.store.reads,
      facility: app.desk.facility.id,
      incident,
      created,
      exercise: true,
      key,
    });
    writeFileSync(night.bundle, bytes);
    screen.line(`Dossier de preuve : ${night.bundle} (npm run -s tocsin -- verify ${night.bundle})`);
  }
  const report = verifyDatabase(files.database, key.publicKey, checkpointsFileOf(files.database));
  const entries = report.facilities.reduce((sum, each) => sum + each.entries, 0);
  screen.line(report.ok ? `Journal scellé : intact, ${entries} entrées.` : "Journal scellé : ALTÉRÉ.");
  if (!report.ok) process.exitCode = 1;
}

function printRecord(screen: Screen, { incident, decisions, deliveries, current, effects }: Dossier): void {
  screen.title(`Dossier ${incident.reference} : EXERCICE, rien n'a été transmis à une autorité`);
  for (const decision of decisions) {
    screen.line(
      `${isoFromInstant(decision.at)}  validé par ${decision.delegate.name}, version ${decision.version}`,
    );
    screen.line(`    empreinte SHA-256 ${decision.sha256}`);
  }
  for (const delivery of deliveries)
    screen.line(
      `${isoFromInstant(delivery.settled ?? delivery.planned)}  dépôt simulé, n° ${delivery.reference}`,
    );
  screen.line(
    `Messages envoyés : ${effects.filter((effect) => effect.kind === "notify" && effect.state === "done").length}`,
  );
  screen.line();
  screen.line(current?.content.text ?? "");
  screen.line();
}

/** Stays up until Ctrl-C, and gives the delegate's one-time code on a key press: there is no phone to show it. */
async function stayUp(screen: Screen, totp: string, interrupted: Promise<void>): Promise<void> {
  const code = new TOTP({ secret: totp });
  const show = () =>
    screen.line(`Code à usage unique de la déléguée : ${code.generate()} (change toutes les 30 s)`);
  show();
  screen.line("Entrée : un nouveau code. Ctrl-C : arrêter.");
  process.stdin.on("data", show);
  await interrupted;
  process.stdin.off("data", show).pause();
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(50);
  }
  throw new Error("what was expected did not come within ten seconds");
}

function token(): string {
  return randomBytes(24).toString("base64url");
}
