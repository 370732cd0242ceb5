import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { type Account, delegationAt, lapsingAct, ROLES, reviewDueSince } from "../core/person.ts";
import { formatInstant } from "../stages/french.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

/** Accounts listed; a hospital has far fewer. */
const MOST = 5000;

/** Registers `account list`: everyone with access, and what of it waits for somebody. */
export function accountListCommand(account: Command): void {
  account
    .command("list")
    .description(
      "list the people with access: role, last yearly review, and what waits (a review, a delegation that ends)",
    )
    .option("--json", "one JSON object a line")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async ({ config, json }: { config: string; json?: boolean }) => {
      const loaded = configOrExplain(config);
      if (loaded === undefined) return;
      const { store } = await openInstalled(loaded);
      const { id, time_zone: zone } = loaded.config.facility;
      try {
        const found = await store.reads.byState(id, "account", [], { limit: MOST });
        const accounts = found
          .map(({ content }) => content)
          .toSorted((a, b) => Number(b.active) - Number(a.active) || a.login.localeCompare(b.login));
        const now = systemClock.now();
        const day = (instant: number) => formatInstant(instant, zone);
        for (const each of accounts) {
          const row = rowOf(each, now, day);
          process.stdout.write(`${json ? JSON.stringify(row) : lineOf(row)}\n`);
        }
        if (accounts.length === 0 && !json) process.stdout.write("Aucun compte.\n");
      } finally {
        await store.close();
      }
    });
}

function rowOf(account: Account, now: number, day: (instant: number) => string) {
  const { login, name, role, active, emergency, reviewed } = account;
  const due = reviewDueSince(account, now);
  const lapsing = lapsingAct(account, now);
  return {
    login,
    name,
    role: ROLES[role],
    state: active ? "actif" : "désactivé",
    emergency: emergency !== undefined,
    reviewed: reviewed === undefined ? null : `${day(reviewed.at)} par ${reviewed.by}`,
    waits: [
      ...(due === undefined ? [] : [`à revoir depuis le ${day(due)}`]),
      ...(active && delegationAt(account, now) === "lapsed" ? ["hors de sa période de délégation"] : []),
      ...(lapsing === undefined
        ? []
        : [`délégation « ${lapsing.document} » finie le ${day(lapsing.until)} : nouvel acte à prendre`]),
    ],
  };
}

function lineOf({ login, name, role, state, emergency, reviewed, waits }: ReturnType<typeof rowOf>): string {
  const marks = [role, ...(emergency ? ["accès de secours"] : []), ...(state === "actif" ? [] : [state])];
  const review = reviewed === null ? "jamais revu" : `revu le ${reviewed}`;
  return [`${login} : ${name}, ${marks.join(", ")}, ${review}`, ...waits.map((each) => `  ! ${each}`)].join(
    "\n",
  );
}
