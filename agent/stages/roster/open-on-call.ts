import type { Attempt } from "../../../connectors/contract.ts";
import { type Clock, type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Problem } from "../../core/errors.ts";
import type { Incident } from "../../core/incident.ts";
import type { Account } from "../../core/person.ts";
import { mayAct } from "../../core/person.ts";
import { nextOnCall, onCallAt, personNamed, ROSTER_ROLES, type RosterRole } from "../../core/roster.ts";
import type { Store } from "../../store/store.ts";
import { NOT_ALLOWED } from "../desk/facts-desk.ts";
import type { OpenChannel } from "../notify.ts";
import { type Actor, type Refused, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup } from "../work.ts";
import { checkPeople } from "./check-people.ts";
import { summaryOf } from "./handover.ts";
import { openReach } from "./open-reach.ts";
import { channelsTo } from "./people-to-call.ts";
import { testChannel } from "./test-channel.ts";
import { touchedBy } from "./touched.ts";
import { vacanciesOf } from "./vacancies.ts";

export interface OnCallView {
  rosters: {
    role: RosterRole;
    title: string;
    /** In the order in which they are called. */
    now: { name: string; known: boolean; until: Instant; channels: string[] }[];
    next: { at: Instant; name: string | null } | null;
  }[];
  channels: {
    id: string;
    for: readonly string[];
    /** Why it is not to be relied on now; null when it is. */
    touched: string | null;
    /** True when it reaches a person by their own contact. */
    personal: boolean;
  }[];
  /** What is wrong with the files or the people they name. */
  problems: Problem[];
}

export interface HandoverView {
  since: Instant;
  fresh: Incident[];
  unfinished: Incident[];
  more: boolean;
}

/** Who is on call, the ways to reach them, and the morning's hand-over. */
export interface OnCall {
  view(): Promise<OnCallView>;
  handover(): Promise<HandoverView>;
  /** The rosters by which nobody can be called now. */
  vacancies(): Promise<{ title: string; instead: readonly string[] }[]>;
  /** Tries a channel out, to its own target or to who asks. */
  test(channel: string, actor: Actor): Promise<{ outcome: "tested"; attempt: Attempt } | Refused>;
}

/** Between two tests of a channel by a page. */
const TEST_EVERY = 30 * MICROSECONDS.second;
const TEST_TIMEOUT = 60_000;

/** Opens what the pages about people on call ask. */
export function openOnCall(parts: {
  store: Store;
  pipeline: Pick<Pipeline, "incidents" | "known">;
  setup: Setup;
  clock: Clock;
  channels: ReadonlyMap<string, OpenChannel>;
  /** Address of a page of the facility, by its path. */
  page: (path: string) => string;
}): OnCall {
  const { store, setup, clock, channels } = parts;
  const reach = openReach(parts);
  const tested = new Map<string, Instant>();

  function rosterRow(
    role: RosterRole,
    accounts: readonly Account[],
    now: Instant,
  ): OnCallView["rosters"][number][] {
    const book = setup.calls?.rosters.current();
    if (book === undefined || !book.rosters.some((roster) => roster.role === role)) return [];
    const nameOf = (who: string) => personNamed(accounts, who)?.name ?? who;
    const rows = onCallAt(book, role, now).map(({ who, until }) => {
      const account = personNamed(accounts, who);
      const by = account === undefined ? [] : channelsTo(setup, { account, as: role }).map(({ id }) => id);
      return { name: nameOf(who), known: account !== undefined, until, channels: by };
    });
    const next = nextOnCall(book, role, now);
    return [
      {
        role,
        title: ROSTER_ROLES[role],
        now: rows,
        next:
          next === undefined
            ? null
            : { at: next.at, name: next.first === undefined ? null : nameOf(next.first.who) },
      },
    ];
  }

  return {
    async view() {
      const now = clock.now();
      const accounts = await reach.accounts();
      const touched = reach.touched();
      const book = setup.calls?.rosters.current();
      return {
        rosters: (Object.keys(ROSTER_ROLES) as RosterRole[]).flatMap((role) =>
          rosterRow(role, accounts, now),
        ),
        channels: setup.notify.map((channel) => ({
          id: channel.id,
          for: channel.for,
          touched: touchedBy(channel.depends_on, touched) ?? null,
          personal: channel.reaches !== undefined,
        })),
        problems: book === undefined ? [] : [...book.problems, ...checkPeople(setup, { book, accounts })],
      };
    },

    async vacancies() {
      const book = setup.calls?.rosters.current();
      if (book === undefined) return [];
      const found = vacanciesOf(setup, { book, accounts: await reach.accounts(), at: clock.now() });
      return found.map(({ role, instead }) => ({ title: ROSTER_ROLES[role], instead }));
    },

    async handover() {
      const since = clock.now() - MICROSECONDS.day;
      const summary = await summaryOf(store.reads, setup.facility.id, since);
      return { since, ...setup.masks.every(summary, { incident: null }) };
    },

    async test(channel, actor) {
      if (!mayAct(actor, "mute")) return NOT_ALLOWED;
      const open = channels.get(channel);
      if (open === undefined) return refuse("unknown_channel", "Aucun canal ne porte ce nom.");
      const now = clock.now();
      if (now - (tested.get(channel) ?? 0) < TEST_EVERY)
        return refuse("too_soon", "Ce canal vient d'être essayé : attendez une demi-minute.");
      tested.set(channel, now);
      const account = (await store.reads.record(setup.facility.id, "account", actor.id))?.content;
      const attempt = await testChannel(channel, {
        store,
        setup,
        clock,
        open,
        by: { account: actor.id, name: actor.name },
        to: account && { name: account.name, email: account.email, phone: account.phone },
        link: parts.page("astreinte"),
        signal: AbortSignal.timeout(TEST_TIMEOUT),
      });
      return { outcome: "tested", attempt };
    },
  };
}
