import type { Command } from "commander";
import { OUTBOUNDS } from "../../connectors/ways-out.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { openOutbounds } from "../setup.ts";
import { configOrExplain, DEFAULT_CONFIG } from "./config-option.ts";

/** Longest that a receiver is looked for, ms. */
const PATIENCE = 30_000;

/** Registers `outbound`: ways by which declarations leave, looked at beforehand. */
export function outboundCommand(program: Command): void {
  const outbound = program.command("outbound").description("ways by which declarations leave");
  outbound
    .command("test [way]")
    .description("say whether the receiver of each way out, or of one, can be reached; nothing is sent to it")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (id: string | undefined, options: { config: string }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { outbound: ways, mode } = loaded.config;
      const asked = ways.filter((each) => id === undefined || each.id === id);
      if (asked.length === 0) {
        process.stderr.write(`no way out "${id}"; the ways: ${ways.map((each) => each.id).join(", ")}\n`);
        process.exitCode = 2;
        return;
      }
      const opened = openOutbounds(loaded);
      process.exitCode = 0;
      for (const { id: way, connector: name, settings } of asked) {
        const connector = OUTBOUNDS.find((each) => each.name === name);
        const to = connector?.guide(connector.config.parse(settings)).to ?? name;
        const probe = opened.get(way)?.probe;
        if (probe === undefined || mode !== "live") {
          const because = probe === undefined ? "rien ne peut en être su d'avance" : `mode ${mode}`;
          process.stdout.write(`${way} : ${to} – non vérifié (${because})\n`);
          continue;
        }
        const context = { now: systemClock.now(), signal: AbortSignal.timeout(PATIENCE) };
        const found = await probe(context).catch((error: unknown) => ({
          reachable: false,
          because: messageOf(error),
        }));
        if (!found.reachable) process.exitCode = 1;
        process.stdout.write(
          `${way} : ${to} – ${found.reachable ? "joignable" : "INJOIGNABLE"} – ${found.because}\n`,
        );
      }
    });
}
