import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { INSTALLATION } from "../../config/installation.ts";
import { parseConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { Account } from "../core/person.ts";
import { stateFiles } from "../setup.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import { createAccount } from "../web/accounts.ts";
import { givenPassword } from "./given-password.ts";
import { type Answers, ask, fromFlags, type InitOptions } from "./init/answers.ts";
import { configText } from "./init/config-text.ts";
import { isLoopback } from "./init/listening-text.ts";
import { isServerName, makeTls } from "./init/make-tls.ts";
import { nextSteps } from "./init/next-steps.ts";
import { PROFILES } from "./init/profiles.ts";
import { repeated } from "./repeated.ts";

/** Registers `init`: a commented configuration, its secrets, TLS, the signing key and the first account. */
export function initCommand(program: Command): void {
  const command = program
    .command("init")
    .description("make a configuration, its secrets, TLS, the signing key and the first account")
    .option("--config <file>", "where to write it", INSTALLATION.config);
  for (const [flags, description, fallback] of OPTIONS) {
    const name = /--([a-z-]+)/.exec(flags)?.[1] ?? "";
    const option = new Option(flags, description).env(`TOCSIN_${name.replaceAll("-", "_").toUpperCase()}`);
    if (fallback !== undefined) option.default(fallback);
    if (name === "tls-name") option.argParser(repeated);
    command.addOption(option);
  }
  command.action(async (options: InitOptions) => {
    process.exitCode = await init(options);
  });
}

/** Each is also read from the environment, as `TOCSIN_` and its name, for a set-up that nobody attends. */
const OPTIONS: readonly (readonly [flags: string, description: string, fallback?: string])[] = [
  ["--facility-id <id>", "short name: lower-case letters, digits, hyphens"],
  ["--facility-name <name>", "raison sociale"],
  ["--kind <kind>", "etablissement_de_sante, medico_social, radiotherapie, laboratoire or autre"],
  [
    "--profile <profile>",
    `start from the systems that such a facility has: ${Object.keys(PROFILES).join(", ")}`,
  ],
  ["--mode <mode>", "observe, exercise or live"],
  ["--state <directory>", "state directory, from the configuration's folder", INSTALLATION.state],
  [
    "--listen <address>",
    "where others reach it: 0.0.0.0 for every IPv4 address, with TLS (Default: 127.0.0.1)",
  ],
  [
    "--tls-name <name>",
    "DNS name or address by which it is reached, the first in messages; may be repeated: a private authority and a certificate are made for them",
  ],
  ["--comments <language>", "language of the comments: fr or en", "fr"],
  ["--login <login>", "login of the first account, a delegate"],
  ["--person <name>", "name of that person"],
  [
    "--password <password>",
    "password of that account, 12 characters or more; shows in `ps`: prefer --password-file (Default: one is made and printed once)",
  ],
  ["--password-file <file>", "file whose one line is that password; does not show in `ps`"],
];

async function init(options: InitOptions): Promise<number> {
  const file = resolve(options.config);
  const refuse = (...because: string[]) => {
    for (const each of because) process.stderr.write(`${each}\n`);
    return 2;
  };
  if (existsSync(file))
    return refuse(`${options.config}: there is a configuration already; nothing was changed.`);
  forgetEmpty(options);
  if (options.profile !== undefined && !Object.hasOwn(PROFILES, options.profile))
    return refuse(`--profile ${options.profile}: one of ${Object.keys(PROFILES).join(", ")}`);
  if (options.comments !== "fr" && options.comments !== "en")
    return refuse(`--comments ${options.comments}: fr or en`);
  const answers = process.stdin.isTTY ? await ask(options) : fromFlags(options);
  if (answers === undefined) return 2;

  // Everything is checked before anything is written: a half-made installation could not be made again.
  const listening = { address: answers.listen, name: answers.tlsName[0] ?? answers.listen };
  const text = configText({
    ...answers,
    state: options.state,
    comments: options.comments,
    call: INSTALLATION.call,
    listening,
    schema: schemaFor(file),
    profile: PROFILES[answers.profile ?? ""],
  });
  const faults = faultsOf(text, { file, answers });
  const stateDirectory = resolve(dirname(file), options.state);
  const files = stateFiles(stateDirectory);
  for (const each of [files.signingKey, files.database])
    if (existsSync(each))
      faults.push(
        `${each}: there is a record already; name another folder with --state, or move this one away`,
      );
  const given = givenPassword(options);
  if (given.outcome === "refused") return refuse(...faults, given.because, "Nothing was written.");
  if (faults.length > 0) return refuse(...faults, "Nothing was written.");

  const secrets = join(dirname(file), "secrets");
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  for (const name of ["alertmanager", "wazuh", "generic"]) {
    secret(join(secrets, `${name}.token`), randomBytes(24).toString("base64url"));
  }
  const tls = join(dirname(file), "tls");
  if (!isLoopback(answers.listen))
    await makeTls(tls, { names: answers.tlsName, facility: answers.facilityName, now: systemClock.now() });
  writeFileSync(file, text, { flag: "wx" });

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
        facility: answers.facilityId,
        mode: answers.mode,
        config: options.config,
        secrets,
        tls,
        listening,
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

/** All that is wrong with a configuration and the answers it is made of; its certificates are yet to be made. */
function faultsOf(text: string, { file, answers }: { file: string; answers: Answers }): string[] {
  const { login, tlsName } = answers;
  const { problems = [] } = parseConfig(text, file, null);
  const faults = problems.filter(({ code }) => code !== "tls_unreadable").map(problemSentence);
  if (!Account.shape.login.safeParse(login).success)
    faults.push(`--login ${login}: lower-case letters, digits, . _ -`);
  for (const name of tlsName)
    if (!isServerName(name)) faults.push(`--tls-name ${name}: neither a DNS name nor an IP address`);
  return faults;
}

/** A variable that a compose file hands on without a value says nothing. */
function forgetEmpty(options: InitOptions): void {
  for (const [name, value] of Object.entries(options))
    if (value === "" || (Array.isArray(value) && value.join("") === ""))
      delete (options as unknown as Record<string, unknown>)[name];
}

/** Where the schema stands: a path from the configuration when both are of one checkout, which may be moved. */
function schemaFor(file: string): string | undefined {
  const root = resolve(import.meta.dirname, "../..");
  const schema = join(root, "docs/schemas/tocsin-config.schema.json");
  if (!existsSync(schema)) return undefined;
  const folder = dirname(file);
  const within = existsSync(folder) && `${realpathSync(folder)}/`.startsWith(`${realpathSync(root)}/`);
  return within ? relative(folder, schema) : schema;
}

function secret(file: string, value: string): void {
  if (!existsSync(file)) writeFileSync(file, `${value}\n`, { mode: 0o600, flag: "wx" });
}
