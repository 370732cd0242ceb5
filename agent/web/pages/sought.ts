import { z } from "zod";
import { MICROSECONDS } from "../../core/clock.ts";
import { IncidentState } from "../../core/incident.ts";
import type { Account } from "../../core/person.ts";
import { Verdict } from "../../core/qualification.ts";
import type { Sought } from "../../stages/register/find-entries.ts";
import type { FrenchTime } from "../french-time.ts";

const Word = z.string().max(200).catch("");
const Day = z
  .string()
  .regex(/^(19|20|21)\d\d-\d\d-\d\d$/)
  .catch("");

/** What an address asks a list for; what is not understood is not asked. */
export const SoughtQuery = z.object({
  etat: IncidentState.or(z.literal("")).catch(""),
  systeme: Word.default(""),
  du: Day.default(""),
  au: Day.default(""),
  avis: Verdict.or(z.literal("")).catch(""),
  obligation: Word.default(""),
  declare: z.enum(["", "oui", "non"]).catch(""),
  qui: z.enum(["", "moi"]).catch(""),
  q: Word.default(""),
});
export type SoughtQuery = z.infer<typeof SoughtQuery>;

/** What to look for, in the facility's time and for the person who asks. */
export function soughtOf(query: SoughtQuery, time: FrenchTime, person: Pick<Account, "id" | "name">): Sought {
  const { etat, systeme, du, au, avis, obligation, declare, qui, q } = query;
  const noon = time.instantOf(au, "12:00");
  return {
    states: etat === "" ? undefined : [etat],
    system: systeme === "" ? undefined : systeme,
    from: time.instantOf(du, "00:00"),
    // The day named is included: up to the next midnight, whatever the clocks do that night.
    before: noon === undefined ? undefined : time.instantOf(time.date(noon + MICROSECONDS.day), "00:00"),
    verdict: avis === "" ? undefined : avis,
    regime: obligation === "" ? undefined : obligation,
    declared: declare === "" ? undefined : declare === "oui" ? "yes" : "no",
    mine: qui === "moi" ? [person.id, person.name] : undefined,
    words: q === "" ? undefined : q,
  };
}

/** The address of the same list, or of its next page. */
export function queryOf(query: SoughtQuery, more: Readonly<Record<string, string>> = {}): string {
  const asked = Object.entries({ ...query, ...more }).filter(([, value]) => value !== "");
  return asked.length === 0 ? "" : `?${new URLSearchParams(asked)}`;
}
