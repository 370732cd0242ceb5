import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { messageOf, TocsinError } from "../core/errors.ts";

/** Commands by name, each loaded only when it is called: `parse` needs no web server. */
const COMMANDS: readonly (() => Promise<(program: Command) => void>)[] = [
  async () => (await import("./run.ts")).runCommand,
  async () => (await import("./demo.ts")).demoCommand,
  async () => (await import("./init.ts")).initCommand,
  async () => (await import("./check.ts")).checkCommand,
  async () => (await import("./parse.ts")).parseCommand,
  async () => (await import("./rules/index.ts")).rulesCommand,
  async () => (await import("./mappings.ts")).mappingsCommand,
  async () => (await import("./packs/index.ts")).packsCommand,
  async () => (await import("./replay.ts")).replayCommand,
  async () => (await import("./explain-incident.ts")).explainCommand,
  async () => (await import("./requalify.ts")).requalifyCommand,
  async () => (await import("./hunt.ts")).huntCommand,
  async () => (await import("./report.ts")).reportCommand,
  async () => (await import("./register.ts")).registerCommand,
  async () => (await import("./account.ts")).accountCommand,
  async () => (await import("./notify.ts")).notifyCommand,
  async () => (await import("./outbound.ts")).outboundCommand,
  async () => (await import("./bundle.ts")).bundleCommand,
  async () => (await import("./export.ts")).exportCommand,
  async () => (await import("./schemas.ts")).schemasCommand,
  async () => (await import("./quarantine.ts")).quarantineCommand,
  async () => (await import("./assets.ts")).assetsCommand,
  async () => {
    const [{ verifyCommand }, { installedStore }] = await Promise.all([
      import("./verify.ts"),
      import("./config-option.ts"),
    ]);
    return (program) => verifyCommand(program, installedStore);
  },
];
const NAMES = [
  "run",
  "demo",
  "init",
  "check",
  "parse",
  "rules",
  "mappings",
  "packs",
  "replay",
  "explain",
  "requalify",
  "hunt",
  "report",
  "register",
  "account",
  "notify",
  "outbound",
  "bundle",
  "export",
  "schemas",
  "quarantine",
  "assets",
  "verify",
];

const { version: VERSION } = createRequire(import.meta.url)("../../package.json") as { version: string };

/** Exit codes: 0 done, 1 something was found or failed, 2 it could not be tried as asked. */
const USAGE = 2;

/** Runs one command line; sets the exit code and never ends the process by itself. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("tocsin")
    .description(
      "recognises, prepares and follows the declaration of security incidents of a French health facility",
    )
    .version(VERSION, "-V, --version", "print the version")
    // After a command it is that command's own: the version of a text.
    .enablePositionalOptions()
    .showHelpAfterError("(add --help for the options)")
    .exitOverride();
  const asked = NAMES.indexOf(argv[2] ?? "");
  const wanted = asked < 0 ? COMMANDS : COMMANDS.slice(asked, asked + 1);
  for (const load of wanted) (await load())(program);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      return;
    }
    process.stderr.write(`${error instanceof TocsinError ? `${error.code}: ` : ""}${whole(error)}\n`);
    process.exitCode = 1;
  }
}

function whole(error: unknown): string {
  if (!(error instanceof TocsinError)) return messageOf(error);
  const where = error.where === undefined || error.message.startsWith(error.where) ? "" : `${error.where}: `;
  return `${where}${error.message}`;
}
