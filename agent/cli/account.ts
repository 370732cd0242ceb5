import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { Role } from "../core/person.ts";
import { createAccount } from "../web/accounts.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";
import { givenPassword, type PasswordOptions } from "./given-password.ts";

interface AccountOptions extends PasswordOptions {
  config: string;
  login: string;
  person: string;
  role: string;
  function: string;
  email: string;
  phone: string;
}

/** Registers `account`: one more person with access. */
export function accountCommand(program: Command): void {
  program
    .command("account")
    .description("make an account; its one-time code, and its password when one is made, are printed once")
    .requiredOption("--login <login>", "lower-case letters, digits, . _ -")
    .requiredOption("--person <name>", "name of the person")
    .requiredOption("--role <role>", Role.options.join(", "))
    .option("--function <function>", "function in the facility", "")
    .option("--email <address>", "professional e-mail", "")
    .option("--phone <number>", "professional phone", "")
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
      const { store } = openInstalled(loaded);
      try {
        const { otpauth } = await createAccount(
          { store, clock: systemClock, newId: uuidv7(systemClock), facility: loaded.config.facility },
          {
            login: options.login,
            name: options.person,
            role: role.data,
            function: options.function,
            email: options.email,
            phone: options.phone,
            password: given.password,
          },
        );
        const shown =
          given.outcome === "made" ? `Mot de passe (affiché une seule fois) : ${given.password}\n` : "";
        process.stdout.write(`Compte : ${options.login}\n${shown}${otpauth}\n`);
      } finally {
        await store.close();
      }
    });
}
