import type { Contact } from "../../../connectors/contract.ts";
import type { Clock } from "../../core/clock.ts";
import type { Account } from "../../core/person.ts";
import type { RosterRole } from "../../core/roster.ts";
import type { Store } from "../../store/store.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup, Work } from "../work.ts";
import { channelsTo, hasContact, peopleToCall } from "./people-to-call.ts";
import { touchedBy, touchedSystems } from "./touched.ts";

/** Accounts read at once: a facility has fewer. */
const MOST_ACCOUNTS = 1000;

/** How a channel stands before it is used. */
export type Way =
  /** It is not used: another one is. */
  | { way: "skipped"; because: string }
  /** It would be used, and there is nobody to reach by it. */
  | { way: "nobody"; because: string }
  /** `despite` says why it is not to be relied on, when nothing else is either. */
  | { way: "open"; to?: Contact | undefined; despite?: string | undefined };

export interface Reach {
  accounts(): Promise<Account[]>;
  /** Systems touched now, by any incident that may still change, and by this one. */
  touched(work?: Pick<Work, "facts">): Set<string>;
  /** Whether to use a channel, and whom it reaches: the account named, else who is on call. */
  wayOf(
    channel: string,
    about: {
      event: string;
      to?: string | undefined;
      work?: Work | undefined;
      always?: boolean;
      /** The person is reached whatever the channel was made for. */
      anyRole?: boolean;
    },
  ): Promise<Way>;
}

/** Opens what knows whom each channel reaches now, and which of them cannot be relied on. */
export function openReach(parts: {
  store: Pick<Store, "reads">;
  pipeline: Pick<Pipeline, "incidents" | "known">;
  setup: Setup;
  clock: Clock;
}): Reach {
  const { store, pipeline, setup, clock } = parts;
  const facility = setup.facility.id;

  const accounts = async () =>
    (await store.reads.byState(facility, "account", [], { limit: MOST_ACCOUNTS })).map(
      ({ content }) => content,
    );

  function touched(work?: Pick<Work, "facts">): Set<string> {
    if (setup.notify.every(({ depends_on }) => (depends_on ?? []).length === 0)) return new Set();
    const works = pipeline.incidents().flatMap((id) => pipeline.known(id) ?? []);
    return touchedSystems(work === undefined ? works : [work, ...works], setup.systems, clock.now());
  }

  return {
    accounts,
    touched,

    async wayOf(id, { event, to, work, always = false, anyRole = false }) {
      const channel = setup.notify.find((each) => each.id === id);
      if (channel === undefined) return { way: "open" };
      const hit = touched(work);
      const because = touchedBy(channel.depends_on, hit);
      // Who else tells the same people: a channel is left out only where another one is sound.
      const others = setup.notify.filter(
        (each) =>
          each.for.some((role) => channel.for.includes(role)) &&
          touchedBy(each.depends_on, hit) === undefined,
      );
      if (because !== undefined && others.length > 0 && !always)
        return { way: "skipped", because: `non utilisé : ${because}` };
      const despite =
        because === undefined || always
          ? undefined
          : `essayé malgré tout : ${because}, comme tous les autres moyens`;
      if (channel.reaches === undefined) return { way: "open", despite };
      const all = await accounts();
      const reaches = (account: Account) =>
        (account.role === "dpo" && channel.for.includes("dpo") && hasContact(account, channel.reaches)) ||
        (["on_call", "delegate", "director"] as const).some((as) =>
          channelsTo(setup, { account, as }).some((each) => each.id === id),
        );
      const role: RosterRole =
        event === "incident_opened" && channel.for.includes("on_call")
          ? "on_call"
          : !channel.for.includes("delegate") && channel.for.includes("on_call")
            ? "on_call"
            : "delegate";
      // A channel of the director's own reaches the director, whoever is on call; so does one of the DPO's own.
      const forDirector = !channel.for.includes("on_call") && !channel.for.includes("delegate");
      const own = channel.for.includes("director") ? "director" : "dpo";
      const director = forDirector ? all.find((each) => each.active && each.role === own) : undefined;
      const person =
        director !== undefined && to === undefined
          ? director
          : to === undefined
            ? setup.calls &&
              peopleToCall(setup, {
                book: setup.calls.rosters.current(),
                accounts: all,
                role,
                at: clock.now(),
              })[0]?.account
            : all.find((account) => account.id === to && account.active);
      const has = (account: Account) => hasContact(account, channel.reaches);
      if (person === undefined || !(anyRole ? has(person) : reaches(person)))
        return {
          way: "nobody",
          because: `${person?.name ?? "personne d'astreinte"} : aucun contact pour ce canal`,
        };
      const { name, email, phone } = person;
      return { way: "open", to: { name, email, phone }, despite };
    },
  };
}
