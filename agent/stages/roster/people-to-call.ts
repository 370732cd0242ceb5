import { mailAddress, phoneNumber } from "../../../connectors/shared/notify/words.ts";
import type { Instant } from "../../core/clock.ts";
import type { Account } from "../../core/person.ts";
import { onCallAt, personNamed, type RosterBook, type RosterRole } from "../../core/roster.ts";
import type { Setup } from "../work.ts";

/** As what a person is called. */
export type CalledAs = RosterRole | "director";

export interface Callee {
  account: Account;
  as: CalledAs;
}

type ChannelOf = Setup["notify"][number];

/** True when a person has a contact of this kind that works, as far as its looks tell. */
export function hasContact(account: Account, reaches: "email" | "phone" | undefined): boolean {
  if (reaches === undefined) return false;
  return (reaches === "email" ? mailAddress(account.email) : phoneNumber(account.phone)) !== undefined;
}

/** The channels that reach this person by their own contacts, in the order of the configuration. */
export function channelsTo(setup: Pick<Setup, "notify">, { account, as }: Callee): ChannelOf[] {
  const usable = setup.notify.filter(({ reaches }) => hasContact(account, reaches));
  const own = usable.filter((channel) => channel.for.includes(as));
  // A director for whom nothing is configured is called as the delegates are.
  return own.length > 0 || as !== "director"
    ? own
    : usable.filter((channel) => channel.for.includes("delegate"));
}

/** Everyone who is called, in order: those on call, then for IT the delegates on call, the directors last. */
export function peopleToCall(
  setup: Pick<Setup, "notify">,
  {
    book,
    accounts,
    role,
    at,
  }: { book: RosterBook; accounts: readonly Account[]; role: RosterRole; at: Instant },
): Callee[] {
  const of = (each: RosterRole): Callee[] =>
    onCallAt(book, each, at).flatMap(({ who }) => {
      const account = personNamed(accounts, who);
      return account === undefined ? [] : [{ account, as: each }];
    });
  const active = accounts.filter((account) => account.active && account.emergency === undefined);
  const named = of("delegate");
  // Nobody on the roster is no reason to call nobody.
  const delegates: Callee[] =
    named.length > 0
      ? named
      : active.flatMap((account) =>
          account.role === "delegate" ? [{ account, as: "delegate" as const }] : [],
        );
  const directors = active.flatMap((account) =>
    account.role === "director" ? [{ account, as: "director" as const }] : [],
  );
  const all = [...(role === "on_call" ? of("on_call") : []), ...delegates, ...directors];
  return all.filter(
    (callee, i) =>
      all.findIndex(({ account }) => account.id === callee.account.id) === i &&
      channelsTo(setup, callee).length > 0,
  );
}
