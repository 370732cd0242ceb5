import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import type { Reads } from "../../store/store.ts";
import { dependenciesOf } from "../mute/dependencies.ts";
import type { Year } from "./calendar.ts";
import { CHANGE_TYPES } from "./changes.ts";
import type { Register } from "./open-register.ts";
import { type YearReport, yearReport } from "./year-report.ts";

/** Changes read of one year, the latest, and accounts: beyond, something makes them by itself. */
const MOST = 2000;

/** Reads what a year's report is made of, and makes it. */
export async function gatherReport(parts: {
  reads: Pick<Reads, "journalOfHouse" | "byState">;
  register: Register;
  facility: string;
  systems: Iterable<System>;
  year: Year;
  now: Instant;
}): Promise<YearReport> {
  const { reads, register, facility, year, now } = parts;
  await register.whole();
  const { from, to: before } = year;
  const asked = { types: CHANGE_TYPES, from, before, limit: MOST };
  const house = await reads.journalOfHouse(facility, asked);
  const accounts = await reads.byState(facility, "account", [], { limit: MOST });
  return yearReport({
    year,
    now,
    house,
    accounts: accounts.map(({ content }) => content),
    head: Math.max(register.version(), house.at(-1)?.seq ?? 0),
    entries: register.entries(),
    outside: register.outside(),
    mutes: register.mutes(),
    signOffs: register.signOffs(),
    dependencies: dependenciesOf(parts.systems),
  });
}
