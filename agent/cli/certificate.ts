import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { configOrExplain, DEFAULT_CONFIG } from "./config-option.ts";
import { isServerName, makeTls, OWN_NAMES, TLS_FILES } from "./init/make-tls.ts";
import { repeated } from "./repeated.ts";

/** Registers `certificate`: the server's own, made or renewed by the private authority of `init`. */
export function certificateCommand(program: Command): void {
  program
    .command("certificate")
    .description(
      "make or renew the server's certificate in tls/ beside the configuration; a running daemon takes it by itself",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option(
      "--tls-name <name>",
      "DNS name or address by which it is reached; may be repeated (Default: those of the certificate that is there)",
      repeated,
    )
    .action(async (options: { config: string; tlsName?: string[] }) => {
      // The certificate that is missing is no reason not to make it: only the file itself has to be there.
      if (!existsSync(options.config)) return void configOrExplain(options.config);
      const folder = join(dirname(resolve(options.config)), "tls");
      const names = options.tlsName ?? namesOf(join(folder, TLS_FILES.certificate));
      const wrong = names?.find((name) => !isServerName(name));
      if (wrong !== undefined || names === undefined) {
        const said =
          wrong === undefined
            ? "give --tls-name"
            : `--tls-name ${wrong}: neither a DNS name nor an IP address`;
        process.stderr.write(`${said}\n`);
        process.exitCode = 2;
        return;
      }
      const made = await makeTls(folder, {
        names,
        facility: names[0] ?? "localhost",
        now: systemClock.now(),
      });
      const { subjectAltName, validToDate } = made.certificate;
      const until = validToDate.toISOString().slice(0, 10);
      process.stdout.write(`${join(folder, TLS_FILES.certificate)} : ${subjectAltName}, jusqu'au ${until}\n`);
      if (made.authority === "made")
        process.stdout.write(
          `${join(folder, TLS_FILES.authority)} : autorité nouvelle, à installer chez qui se connecte\n`,
        );
    });
}

/** The names of the certificate that is there, but for those that every certificate has; undefined without one. */
function namesOf(file: string): string[] | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { subjectAltName = "" } = new X509Certificate(readFileSync(file));
    const names = subjectAltName
      .split(", ")
      .map((each) => each.replace(/^(?:DNS|IP Address):/, "").toLowerCase());
    return names.filter(
      (name) => isServerName(name) && !OWN_NAMES.some((own) => own === name || name === "0:0:0:0:0:0:0:1"),
    );
  } catch (cause) {
    throw new TocsinError(
      {
        code: "certificate_unreadable",
        where: file,
        message: "this is no certificate",
        remedy: "give --tls-name",
      },
      { cause },
    );
  }
}
