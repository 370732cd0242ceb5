import type { Instant } from "../../core/clock.ts";
import type { Account } from "../../core/person.ts";
import { onCallAt, personNamed, type RosterBook, type RosterRole } from "../../core/roster.ts";
import type { Setup } from "../work.ts";
import { channelsTo, peopleToCall } from "./people-to-call.ts";

/** A roster by which nobody can be called at an instant, and who is called in their place. */
export interface Vacancy {
  role: RosterRole;
  /** Names, in the order in which they are called; none when there is nobody at all. */
  instead: string[];
}

/** Finds the rosters that have nobody, or nobody who can be reached, at an instant. */
export function vacanciesOf(
  setup: Pick<Setup, "notify">,
  { book, accounts, at }: { book: RosterBook; accounts: readonly Account[]; at: Instant },
): Vacancy[] {
  const roles = [...new Set(book.rosters.map(({ role }) => role))];
  return roles
    .filter((role) =>
      onCallAt(book, role, at).every(({ who }) => {
        const account = personNamed(accounts, who);
        return account === undefined || channelsTo(setup, { account, as: role }).length === 0;
      }),
    )
    .map((role) => ({
      role,
      instead: peopleToCall(setup, { book, accounts, role, at }).map(({ account }) => account.name),
    }));
}
