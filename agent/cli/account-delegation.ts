import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { type Delegation, delegationAt } from "../core/person.ts";
import { formatInstant } from "../stages/french.ts";
import { changeAccount } from "../web/accounts.ts";
import { frenchTime } from "../web/french-time.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

interface DelegationOptions {
  config: string;
  document: string;
  by: string;
  from?: string;
  until?: string;
  scope: string;
  published: string;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Acts kept with an account; the journal keeps all. */
const MOST_ACTS = 50;

/** Registers `account delegation`: a new act, or one that renews another. */
export function accountDelegationCommand(account: Command): void {
  account
    .command("delegation")
    .description(
      "record the act by which a person is empowered to declare; a delegation is renewed by a new act, the old one stays on record",
    )
    .argument("<login>")
    .requiredOption("--document <reference>", "reference of the signed act")
    .requiredOption("--by <name>", "name and function of who delegates")
    .option("--from <day>", "first day, YYYY-MM-DD (Default: the end of the act that holds, else today)")
    .option("--until <day>", "day from which it holds no more, YYYY-MM-DD (Default: none)")
    .option("--scope <text>", "what is delegated, in the words of the act", "")
    .option("--published <day>", "when the act was published, YYYY-MM-DD", "")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (login: string, options: DelegationOptions) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { store } = await openInstalled(loaded);
      const { facility } = loaded.config;
      const refuse = (because: string, code: number) => {
        process.stderr.write(`${because}\n`);
        process.exitCode = code;
      };
      try {
        const found = (await store.reads.accountByLogin(facility.id, login))?.content;
        if (found === undefined) return refuse(`${login}: no such account`, 1);
        if (found.role !== "delegate")
          return refuse(`${login}: only a person delegated (role delegate) declares by an act`, 1);
        const now = systemClock.now();
        const act = actOf(options, { acts: found.delegations ?? [], now, zone: facility.time_zone });
        if (typeof act === "string") return refuse(act, 2);
        const note = {
          write: "note" as const,
          what: "delegation_recorded" as const,
          incident: null,
          content: {
            account: found.id,
            document: act.document,
            by: "tocsin account",
            name: "tocsin account",
          },
        };
        const changed = await changeAccount(
          { store, clock: systemClock, facility },
          found.id,
          (all) => ({ ...all, delegations: [...(all.delegations ?? []), act].slice(-MOST_ACTS) }),
          () => [note],
        );
        if (changed === undefined)
          return refuse(`${login}: changed by someone this instant; run it again`, 1);
        const day = (instant: number) => formatInstant(instant, facility.time_zone);
        const until = act.until === null ? "sans terme" : `jusqu'au ${day(act.until)}`;
        const stands =
          delegationAt(changed, now) === "holds" ? "peut décider" : "ne peut pas décider maintenant";
        process.stdout.write(
          `${changed.name} : ${act.document}, à compter du ${day(act.from)}, ${until}. ${changed.name} ${stands}.\n`,
        );
      } finally {
        await store.close();
      }
    });
}

/** The act of these options; a sentence when they do not make one. */
function actOf(
  { document, by, from, until, scope, published }: DelegationOptions,
  { acts, now, zone }: { acts: readonly Delegation[]; now: number; zone: string },
): Delegation | string {
  const time = frenchTime(zone);
  for (const [name, day] of Object.entries({ from, until, published }))
    if (day !== undefined && day !== "" && (!DAY.test(day) || time.instantOf(day, "00:00") === undefined))
      return `--${name} ${day}: a day, YYYY-MM-DD`;
  if (document.trim().length < 2) return "--document: the reference of the act";
  if (by.trim().length < 3) return "--by: the name and function of who delegates";
  const today = time.instantOf(time.date(now), "00:00") ?? now;
  const holding = acts.filter((act) => act.from <= now && act.until !== null && act.until > now);
  const follows = holding.length === 0 ? today : Math.max(...holding.map((act) => act.until ?? today));
  const begins = from === undefined ? follows : (time.instantOf(from, "00:00") ?? today);
  const ends = until === undefined ? null : (time.instantOf(until, "00:00") ?? null);
  if (ends !== null && ends <= begins) return "--until: the end comes before the beginning";
  return {
    from: begins,
    until: ends,
    by: by.trim(),
    document: document.trim(),
    scope,
    published,
    recorded: { at: now, by: "tocsin account" },
  };
}
