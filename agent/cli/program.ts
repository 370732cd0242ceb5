import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { messageOf, TocsinError } from "../core/errors.ts";

/** Commands by name, each loaded only when it is called: `parse` needs no web server. */
const COMMANDS: Record<string, () => Promise<(program: Command) => void>> = {
  run: async () => (await import("./run.ts")).runCommand,
  demo: async () => (await import("./demo.ts")).demoCommand,
  exercise: async () => (await import("./exercise.ts")).exerciseCommand,
  init: async () => (await import("./init.ts")).initCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  certificate: async () => (await import("./certificate.ts")).certificateCommand,
  parse: async () => (await import("./parse.ts")).parseCommand,
  rules: async () => (await import("./rules/index.ts")).rulesCommand,
  mappings: async () => (await import("./mappings.ts")).mappingsCommand,
  packs: async () => (await import("./packs/index.ts")).packsCommand,
  replay: async () => (await import("./replay.ts")).replayCommand,
  explain: async () => (await import("./explain-incident.ts")).explainCommand,
  requalify: async () => (await import("./requalify.ts")).requalifyCommand,
  hunt: async () => (await import("./hunt.ts")).huntCommand,
  report: async () => (await import("./report.ts")).reportCommand,
  register: async () => (await import("./register.ts")).registerCommand,
  account: async () => (await import("./account.ts")).accountCommand,
  notify: async () => (await import("./notify.ts")).notifyCommand,
  outbound: async () => (await import("./outbound.ts")).outboundCommand,
  retention: async () => (await import("./retention.ts")).retentionCommand,
  subject: async () => (await import("./subject.ts")).subjectCommand,
  bundle: async () => (await import("./bundle.ts")).bundleCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  schemas: async () => (await import("./schemas.ts")).schemasCommand,
  quarantine: async () => (await import("./quarantine.ts")).quarantineCommand,
  assets: async () => (await import("./assets.ts")).assetsCommand,
  keys: async () => (await import("./keys.ts")).keysCommand,
  migrate: async () => (await import("./migrate.ts")).migrateCommand,
  backup: async () => (await import("./backup.ts")).backupCommand,
  resume: async () => (await import("./resume.ts")).resumeCommand,
  restore: async () => (await import("./restore.ts")).restoreCommand,
  kit: async () => (await import("./kit.ts")).kitCommand,
  anchors: async () => (await import("./anchors.ts")).anchorsCommand,
  verify: async () => {
    const [{ verifyCommand }, { installedStore }] = await Promise.all([
      import("./verify.ts"),
      import("./config-option.ts"),
    ]);
    return (program) => verifyCommand(program, installedStore);
  },
};
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
  const asked = argv[2] ?? "";
  const named = Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS);
  const wanted = asked === "-V" || asked === "--version" ? [] : named;
  for (const load of wanted) (await load?.())?.(program);
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
