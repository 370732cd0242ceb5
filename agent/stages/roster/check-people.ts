import type { Problem } from "../../core/errors.ts";
import type { Account } from "../../core/person.ts";
import { personNamed, type RosterBook } from "../../core/roster.ts";
import type { Setup } from "../work.ts";
import { channelsTo } from "./people-to-call.ts";

/** Everyone of a roster who could not be called, with where they are named and what to do. */
export function checkPeople(
  setup: Pick<Setup, "notify">,
  { book, accounts }: { book: RosterBook; accounts: readonly Account[] },
): Problem[] {
  return book.rosters.flatMap(({ role, people }) =>
    people.flatMap(({ who, where }): Problem[] => {
      const account = personNamed(accounts, who);
      const named = who.slice(0, 100);
      if (account === undefined)
        return [
          {
            code: "roster_unknown_person",
            where,
            message: `"${named}" is no account, or more than one`,
            remedy: "write the login; or make the account: npm run tocsin -- account --login …",
          },
        ];
      if (channelsTo(setup, { account, as: role }).length > 0) return [];
      const needed = setup.notify.flatMap((channel) =>
        channel.for.includes(role) && channel.reaches !== undefined
          ? [`${channel.id} (${channel.reaches})`]
          : [],
      );
      return [
        {
          code: "roster_no_contact",
          where,
          message: `${account.name} has no contact that a channel reaches: ${needed.join(", ") || "there is no channel"}`,
          remedy: "give the account an e-mail or a telephone number that works",
        },
      ];
    }),
  );
}
