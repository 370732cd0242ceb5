import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { password as askPassword, cancel, group, intro, isCancel, select, text } from "@clack/prompts";
import type { Command } from "commander";
import { parseConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence, TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { Account } from "../core/person.ts";
import { stateFiles } from "../setup.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import { createAccount } from "../web/accounts.ts";
import { DEFAULT_CONFIG } from "./config-option.ts";
import { givenPassword, isLongEnough, type PasswordOptions } from "./given-password.ts";
import { configText } from "./init/config-text.ts";
import { PROFILES } from "./init/profiles.ts";

interface InitOptions extends PasswordOptions {
  config: string;
  facilityId?: string;
  facilityName?: string;
  kind?: string;
  profile?: string;
  mode?: string;
  state: string;
  login?: string;
  person?: string;
}

/** What must be known; each is a flag, and is asked for on a terminal when missing. */
interface Answers {
  facilityId: string;
  facilityName: string;
  profile?: string | undefined;
  kind: string;
  mode: string;
  login: string;
  person: string;
}

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Registers `init`: a commented configuration, its secrets, the signing key and the first account. */
export function initCommand(program: Command): void {
  program
    .command("init")
    .description("make a configuration, its secrets, the signing key and the first account")
    .option("--config <file>", "where to write it", DEFAULT_CONFIG)
    .option("--facility-id <id>", "short name: lower-case letters, digits, hyphens")
    .option("--facility-name <name>", "raison sociale")
    .option("--kind <kind>", "etablissement_de_sante, medico_social, radiotherapie, laboratoire or autre")
    .option(
      "--profile <profile>",
      `start from the systems that such a facility has: ${Object.keys(PROFILES).join(", ")}`,
    )
    .option("--mode <mode>", "observe, exercise or live")
    .option("--state <directory>", "state directory, from the configuration's folder", "../state")
    .option("--login <login>", "login of the first account, a delegate")
    .option("--person <name>", "name of that person")
    .option(
      "--password <password>",
      "password of that account, 12 characters or more; shows in `ps`: prefer --password-file (Default: one is made and printed once)",
    )
    .option("--password-file <file>", "file whose one line is that password; does not show in `ps`")
    .action(async (options: InitOptions) => {
      process.exitCode = await init(options);
    });
}

async function init(options: InitOptions): Promise<number> {
  const file = resolve(options.config);
  if (existsSync(file)) {
    process.stderr.write(`${options.config}: there is a configuration already; nothing was changed.\n`);
    return 2;
  }
  if (options.profile !== undefined && !Object.hasOwn(PROFILES, options.profile)) {
    process.stderr.write(`--profile ${options.profile}: one of ${Object.keys(PROFILES).join(", ")}\n`);
    return 2;
  }
  const answers = process.stdin.isTTY ? await ask(options) : fromFlags(options);
  if (answers === undefined) return 2;

  // Everything is checked before anything is written: a half-made installation could not be made again.
  const text = configText({ ...answers, state: options.state, profile: PROFILES[answers.profile ?? ""] });
  const { loaded, problems } = parseConfig(text, file, null);
  const login = Account.shape.login.safeParse(answers.login);
  const given = givenPassword(options);
  if (loaded === undefined || !login.success || given.outcome === "refused") {
    for (const problem of problems ?? []) process.stderr.write(`${problemSentence(problem)}\n`);
    if (!login.success) process.stderr.write(`--login ${answers.login}: lower-case letters, digits, . _ -\n`);
    if (given.outcome === "refused") process.stderr.write(`${given.because}\n`);
    process.stderr.write("Nothing was written.\n");
    return 2;
  }

  const secrets = join(dirname(file), "secrets");
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  mkdirSync(loaded.stateDirectory, { recursive: true, mode: 0o700 });
  for (const name of ["alertmanager", "wazuh", "generic"]) {
    secret(join(secrets, `${name}.token`), randomBytes(24).toString("base64url"));
  }
  writeFileSync(file, text, { flag: "wx" });

  const files = stateFiles(loaded.stateDirectory);
  const key = makeSigningKey(files.signingKey);
  const clock = systemClock;
  const store = openSqlite({ file: files.database, signingKey: key, clock });
  try {
    const { otpauth } = await createAccount(
      {
        store,
        clock,
        newId: uuidv7(clock),
        facility: { id: answers.facilityId, name: answers.facilityName },
      },
      {
        login: answers.login,
        name: answers.person,
        role: "delegate",
        function: "",
        email: "",
        phone: "",
        password: given.password,
      },
    );
    process.stdout.write(
      nextSteps({
        config: options.config,
        secrets,
        login: answers.login,
        password: given.outcome === "made" ? given.password : null,
        otpauth,
        fingerprint: key.fingerprint,
      }),
    );
  } finally {
    await store.close();
  }
  return 0;
}

function fromFlags(options: InitOptions): Answers | undefined {
  const kind = options.kind ?? PROFILES[options.profile ?? ""]?.facility;
  if (kind !== undefined) options.kind = kind;
  const missing = (["facilityId", "facilityName", "kind", "mode", "login", "person"] as const).filter(
    (name) => !options[name],
  );
  if (missing.length === 0) return options as InitOptions & Answers;
  const flags = missing.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
  process.stderr.write(`init: nobody to ask here; give ${flags.join(", ")}\n`);
  return undefined;
}

async function ask(options: InitOptions): Promise<Answers | undefined> {
  intro("Tocsin : première mise en place");
  const slug = (value: string | undefined) =>
    SLUG.test(value ?? "") ? undefined : "minuscules, chiffres et tirets";
  const filled = (value: string | undefined) => ((value ?? "").trim() === "" ? "à remplir" : undefined);
  const given = <T extends string>(value: string | undefined, question: () => Promise<T | symbol>) =>
    value === undefined ? question() : Promise.resolve(value as T);
  try {
    return await group(
      {
        facilityName: () =>
          given(options.facilityName, () =>
            text({ message: "Raison sociale de l'établissement", validate: filled }),
          ),
        facilityId: () =>
          given(options.facilityId, () => text({ message: "Nom court (ch-exemple)", validate: slug })),
        profile: () =>
          given(options.profile, () =>
            select({
              message: "Partir des systèmes d'un établissement de ce genre",
              options: [
                ...Object.entries(PROFILES).map(([value, { label }]) => ({ value, label })),
                { value: "", label: "Aucun : je les décrirai" },
              ],
            }),
          ).then((value) => {
            if (typeof value === "string") options.profile = value;
            return value;
          }),
        kind: () =>
          given<string>(options.kind ?? PROFILES[options.profile ?? ""]?.facility, () =>
            select({
              message: "Type de structure",
              options: [
                { value: "etablissement_de_sante", label: "Établissement de santé" },
                { value: "medico_social", label: "Ehpad ou établissement médico-social" },
                { value: "radiotherapie", label: "Centre de radiothérapie" },
                { value: "laboratoire", label: "Laboratoire de biologie médicale" },
                { value: "autre", label: "Autre" },
              ],
            }),
          ),
        mode: () =>
          given(options.mode, () =>
            select({
              message: "Pour commencer",
              options: [
                { value: "observe", label: "Observation : personne n'est prévenu" },
                { value: "exercise", label: "Exercice : tout est marqué, aucune autorité n'est jointe" },
                { value: "live", label: "Réel" },
              ],
            }),
          ),
        person: () =>
          given(options.person, () => text({ message: "Nom de la personne déléguée", validate: filled })),
        login: () =>
          given(options.login, () => text({ message: "Son identifiant (prenom.nom)", validate: filled })),
        password: () =>
          options.password === undefined && options.passwordFile === undefined
            ? askPassword({
                message: "Son mot de passe (vide : en fabriquer un)",
                validate: (value) => (!value || isLongEnough(value) ? undefined : "au moins 12 caractères"),
              }).then((value) => {
                if (!isCancel(value) && value) options.password = value;
                return value;
              })
            : Promise.resolve(""),
      },
      {
        onCancel() {
          throw new TocsinError({ code: "cancelled", message: "cancelled; nothing was written" });
        },
      },
    );
  } catch (error) {
    cancel("Rien n'a été écrit.");
    if (error instanceof TocsinError) return undefined;
    throw error;
  }
}

function secret(file: string, value: string): void {
  if (!existsSync(file)) writeFileSync(file, `${value}\n`, { mode: 0o600, flag: "wx" });
}

function nextSteps(made: {
  config: string;
  secrets: string;
  login: string;
  password: string | null;
  otpauth: string;
  fingerprint: string;
}): string {
  return `${[
    `Configuration : ${made.config} (les secrets sont dans le dossier secrets/ à côté)`,
    `Premier compte : ${made.login}${made.password === null ? "" : `, mot de passe (affiché une seule fois) : ${made.password}`}`,
    `Code à usage unique, à enregistrer dans une application d'authentification (affiché une seule fois) :`,
    `  ${made.otpauth}`,
    `Clé de signature du journal : empreinte ${made.fingerprint}, à noter hors de cette machine`,
    "",
    "Vérifier : npm run tocsin -- check",
    "Démarrer : npm start",
    "",
    "rsyslog de cette machine, dans /etc/rsyslog.d/60-tocsin.conf :",
    `  *.* action(type="omfwd" target="127.0.0.1" port="5514" protocol="tcp" TCP_Framing="octet-counted"`,
    `             queue.type="linkedList" action.resumeRetryCount="-1")`,
    "Alertmanager de cette machine ; donnez-lui une copie du jeton, que son utilisateur puisse lire :",
    "  webhook_configs:",
    "    - url: http://127.0.0.1:8471/api/v1/alerts/alertmanager",
    `      http_config: { authorization: { credentials_file: ${made.secrets}/alertmanager.token } }`,
    "D'autres machines, TLS, RELP, un index à lire, une signature : les lignes sont dans la configuration, en commentaire ;",
    "  docs/fr/sources.md dit comment s'en servir.",
  ].join("\n")}\n`;
}
