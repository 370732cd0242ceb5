import type { Instant } from "../../core/clock.ts";
import type { Effect } from "../../core/effect.ts";
import type { Account } from "../../core/person.ts";
import { ROSTER_ROLES, type RosterRole } from "../../core/roster.ts";
import {
  calleesOf,
  isCall,
  isPersonal,
  nextCallee,
  type PersonalPayload,
  type Why,
  whatStops,
} from "../escalate.ts";
import type { Setup, Work } from "../work.ts";
import { channelsTo } from "./people-to-call.ts";

/** One message to one person, tried or passed over. */
export interface CallRow {
  at: Instant;
  name: string;
  why: Why;
  channel: string;
  state: Effect["state"];
  attempt: number;
  because: string | null;
}

/** One ladder: who was called and what became of it, who is next and when. */
export interface CallView {
  role: RosterRole;
  title: string;
  rows: CallRow[];
  next: { at: Instant; name: string; why: Why; channels: string[] } | null;
  /** What ended it, in French; null while it goes on. */
  stopped: string | null;
}

/** Rows shown of one ladder: the last ones. */
const MOST_ROWS = 60;

/** Tells the calls of an incident, as its page shows them. */
export function tellCalls(
  work: Work,
  setup: Setup,
  { effects, accounts, now }: { effects: readonly Effect[]; accounts: readonly Account[]; now: Instant },
): CallView[] {
  const turns = effects.filter(({ payload }) => isCall(payload));
  const personal = effects.flatMap((effect) =>
    isPersonal(effect.payload) ? [{ effect, payload: effect.payload }] : [],
  );
  return (Object.keys(ROSTER_ROLES) as RosterRole[]).flatMap((role) => {
    const own = turns.filter(({ payload }) => isCall(payload) && payload.call.role === role);
    const last = own.toSorted((a, b) => a.due - b.due).at(-1);
    if (last === undefined) return [];
    const rows = personal
      .filter(({ payload }) => payload.turn.startsWith(`${role}:`))
      .map(({ effect, payload }) => rowOf(effect, payload))
      .toSorted((a, b) => a.at - b.at || Number(a.state !== "cancelled") - Number(b.state !== "cancelled"))
      .slice(-MOST_ROWS);
    const running = last.state === "planned" || last.state === "claimed";
    const stopped = running && isCall(last.payload) ? whatStops(work, last.payload.call) : last.because;
    const next = running && stopped === undefined ? nextOf(last, setup, { accounts, now }) : null;
    return [{ role, title: ROSTER_ROLES[role], rows, next, stopped: stopped ?? null }];
  });
}

function rowOf({ due, state, attempt, because }: Effect, { name, why, channel }: PersonalPayload): CallRow {
  return { at: due, name, why, channel, state, attempt, because };
}

function nextOf(
  effect: Effect,
  setup: Setup,
  { accounts, now }: { accounts: readonly Account[]; now: Instant },
): CallView["next"] {
  const { calls } = setup;
  if (calls === undefined || !isCall(effect.payload)) return null;
  const at = Math.max(effect.due, now);
  const people = calleesOf(setup, { call: effect.payload.call, accounts, at });
  const next = nextCallee(people, effect.payload.call, calls, at);
  if (next === undefined) return null;
  const { callee, why } = next;
  return { at, name: callee.account.name, why, channels: channelsTo(setup, callee).map(({ id }) => id) };
}
