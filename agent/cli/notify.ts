import type { Command } from "commander";
import { reachesOf } from "../../config/check-notify.ts";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { personNamed } from "../core/roster.ts";
import { openChannels, passingMasks } from "../setup.ts";
import { TEST_OUTCOMES, testChannel } from "../stages/roster/test-channel.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

/** Registers `notify`: ways to tell people, tried out. */
export function notifyCommand(program: Command): void {
  const notify = program.command("notify").description("ways to tell people");
  notify
    .command("test <channel>")
    .description(
      "send a message marked TEST – EXERCICE by one channel, and say what became of it; journalled",
    )
    .option("--to <login>", "the person to reach, by a channel without a target of its own")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (id: string, options: { to?: string; config: string }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const fail = (message: string, code: number) => {
        process.stderr.write(`${message}\n`);
        process.exitCode = code;
      };
      const { notify: channels, facility, listeners } = loaded.config;
      const channel = channels.find((each) => each.id === id);
      const open = openChannels(loaded).get(id);
      if (channel === undefined || open === undefined) {
        const known = channels.map((each) => each.id).join(", ") || "none is configured (notify)";
        return fail(`no channel "${id}"; the channels: ${known}`, 2);
      }
      const personal = reachesOf(channel) !== undefined;
      if (personal && options.to === undefined)
        return fail(`${id} has no target of its own: give --to LOGIN`, 2);
      const { store } = await openInstalled(loaded);
      try {
        const accounts = await store.reads.byState(facility.id, "account", [], { limit: 1000 });
        const named = options.to;
        const person =
          named === undefined
            ? undefined
            : personNamed(
                accounts.map(({ content }) => content),
                named,
              );
        if (named !== undefined && person === undefined) return fail(`no active account "${named}"`, 2);
        const attempt = await testChannel(id, {
          store,
          setup: { facility: { ...facility }, masks: passingMasks(loaded), newId: uuidv7(systemClock) },
          clock: systemClock,
          open,
          by: { account: null, name: "la ligne de commande" },
          to: person && { name: person.name, email: person.email, phone: person.phone },
          link: `${listeners.people.public_url?.replace(/\/$/, "") ?? "http://localhost"}/${facility.id}/astreinte`,
          signal: AbortSignal.timeout(120_000),
        });
        process.stdout.write(`${id} : ${TEST_OUTCOMES[attempt.outcome]} – ${attempt.because}\n`);
        process.exitCode = attempt.outcome === "delivered" ? 0 : 1;
      } finally {
        await store.close();
      }
    });
}
