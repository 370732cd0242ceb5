import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { Role } from "../core/person.ts";
import { createAccount, type Means, madePassword, renewMeans } from "../web/accounts.ts";
import { accountDelegationCommand } from "./account-delegation.ts";
import { accountListCommand } from "./account-list.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";
import { givenPassword, type PasswordOptions } from "./given-password.ts";

interface AccountOptions extends PasswordOptions {
  config: string;
  login: string;
  breakGlass?: boolean;
  identity: string;
  person: string;
  role: string;
  function: string;
  email: string;
  phone: string;
}

/** Registers `account`: one more person with access. */
export function accountCommand(program: Command): void {
  const account = program
    .command("account")
    .description(
      "people with access: make an account, list them, give one new means or an act of delegation",
    );
  accountListCommand(account);
  accountDelegationCommand(account);

  account
    .command("make", { isDefault: true })
    .description(
      "make an account; its one-time code, its recovery codes, and its password when one is made, are printed once",
    )
    .requiredOption("--login <login>", "lower-case letters, digits, . _ -")
    .requiredOption("--person <name>", "name of the person")
    .requiredOption("--role <role>", Role.options.join(", "))
    .option("--function <function>", "function in the facility", "")
    .option("--email <address>", "professional e-mail", "")
    .option("--phone <number>", "professional phone", "")
    .option(
      "--identity <name>",
      "what the identity provider calls the person, for people.oidc.match: identity",
      "",
    )
    .option(
      "--break-glass",
      "an accès de secours: printed for a sealed envelope, without an application; using it tells everyone",
    )
    .option(
      "--password-file <file>",
      "file whose one line is the password, 12 characters or more; does not show in `ps` (Default: one is made and printed once)",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (options: AccountOptions) => {
      const role = Role.safeParse(options.role);
      if (!role.success) {
        process.stderr.write(`--role ${options.role}: one of ${Role.options.join(", ")}\n`);
        process.exitCode = 2;
        return;
      }
      const given = givenPassword(options);
      if (given.outcome === "refused") {
        process.stderr.write(`${given.because}\n`);
        process.exitCode = 2;
        return;
      }
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { store } = await openInstalled(loaded);
      try {
        const made = await createAccount(
          { store, clock: systemClock, newId: uuidv7(systemClock), facility: loaded.config.facility },
          {
            login: options.login,
            name: options.person,
            role: role.data,
            function: options.function,
            email: options.email,
            phone: options.phone,
            password: given.password,
            identity: options.identity,
            sealedBy: options.breakGlass ? "tocsin account" : undefined,
          },
        );
        const password = given.outcome === "made" ? given.password : undefined;
        process.stdout.write(envelope(options.login, password, made));
      } finally {
        await store.close();
      }
    });

  account
    .command("renew")
    .description(
      "give an account new means in place of all it had, printed once, and end its sessions; seals an accès de secours anew",
    )
    .argument("<login>")
    .option("--with-password", "its password too, as always for an accès de secours")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (login: string, { config, withPassword }: { config: string; withPassword?: boolean }) => {
      const loaded = configOrExplain(config);
      if (loaded === undefined) return;
      const { store } = await openInstalled(loaded);
      const { facility } = loaded.config;
      try {
        const found = (await store.reads.accountByLogin(facility.id, login))?.content;
        if (found === undefined) {
          process.stderr.write(`${login}: no such account\n`);
          process.exitCode = 1;
          return;
        }
        const password = withPassword || found.emergency !== undefined ? madePassword() : undefined;
        const parts = { store, clock: systemClock, facility };
        const means = await renewMeans(parts, { account: found.id, password, by: "tocsin account" });
        if (means === undefined) {
          process.stderr.write(`${login}: changed by someone this instant; run it again\n`);
          process.exitCode = 1;
          return;
        }
        process.stdout.write(envelope(login, password, means));
      } finally {
        await store.close();
      }
    });
}

/** What is printed once; the lines of an envelope. */
function envelope(login: string, password: string | undefined, { otpauth, recovery }: Means): string {
  return [
    `Compte : ${login}`,
    ...(password === undefined ? [] : [`Mot de passe (affiché une seule fois) : ${password}`]),
    ...(otpauth === "" ? [] : [otpauth]),
    "Codes de secours (affichés une seule fois, chacun sert une fois) :",
    ...recovery.map((code, n) => `${String(n + 1).padStart(4)}. ${code}`),
    "",
  ].join("\n");
}
