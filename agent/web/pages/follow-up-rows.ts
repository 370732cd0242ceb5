import { ACCOMPANIMENT_STATES, ACCOMPANIMENT_TRANSITIONS } from "../../core/accompaniment.ts";
import type { Instant } from "../../core/clock.ts";
import { DECLARATION_KINDS, DECLARATION_STATES } from "../../core/declaration.ts";
import {
  EXCHANGE_DIRECTIONS,
  EXCHANGE_KINDS,
  EXCHANGE_STATES,
  EXCHANGE_WAYS,
  partyOf,
} from "../../core/exchange.ts";
import { PARTNER_STATES } from "../../core/partner.ts";
import { RECOMMENDATION_KINDS, RECOMMENDATION_STATES } from "../../core/recommendation.ts";
import type { FollowUp } from "../../stages/followup/follow-up-desk.ts";
import { duration } from "../../stages/french.ts";
import type { FrenchTime } from "../french-time.ts";
import { noteRows } from "./attachments.ts";

/** What the page of the follow-up lists, in words. */
export function followUpRows(followUp: FollowUp, { now, time }: { now: Instant; time: FrenchTime }) {
  const { exchanges, erased, versions, notice } = followUp;
  // Attachments of an exchange are at the address of those of a note: a record names them, whichever it is.
  const listed = noteRows({ notes: exchanges, erased }).map((each) => ({
    ...each,
    who: partyOf(each),
    kindLabel: EXCHANGE_KINDS[each.kind],
    stateLabel: EXCHANGE_STATES[each.state],
    directionLabel: EXCHANGE_DIRECTIONS[each.direction],
    wayLabel: EXCHANGE_WAYS[each.way],
    answers: exchanges.find(({ answer }) => answer?.exchange === each.id)?.subject ?? null,
    left: each.due == null ? null : { late: each.due <= now, words: duration(Math.abs(each.due - now)) },
  }));
  const versionRow = (each: FollowUp["versions"][number]) => ({
    ...each,
    label: `${DECLARATION_KINDS[each.kind]}, version ${each.version}`,
    words: DECLARATION_STATES[each.state],
  });
  return {
    reference: followUp.incident.reference,
    closed: followUp.incident.state === "closed",
    exchanges: listed.toReversed(),
    threads: threadsOf(listed, versions.map(versionRow)),
    acknowledged: followUp.acknowledged,
    analysed: followUp.analysed,
    informed: followUp.informed,
    qualified: followUp.qualified,
    requests: listed
      .filter(({ kind, state }) => kind === "information_request" && state !== "cancelled")
      .toSorted((a, b) => Number(isOverdue(b)) - Number(isOverdue(a)) || b.at - a.at),
    // What may answer a request: a text that follows the first, decided or not.
    answering: versions
      .filter(({ kind, state }) => kind !== "initial" && ["draft", "approved", "filed"].includes(state))
      .map(versionRow)
      .toReversed(),
    advice: followUp.recommendations.map((each) => ({
      ...each,
      kindLabel: RECOMMENDATION_KINDS[each.kind],
      stateLabel: RECOMMENDATION_STATES[each.state],
      late: each.state === "open" && each.due !== null && each.due <= now,
      dueDate: each.due === null ? null : time.when(each.due, now),
    })),
    accompaniments: followUp.accompaniments.map((each) => ({
      ...each,
      steps: each.steps.map((step) => ({ ...step, label: ACCOMPANIMENT_STATES[step.state] })),
      stateLabel: ACCOMPANIMENT_STATES[each.state],
      next: ACCOMPANIMENT_TRANSITIONS[each.state].map((id) => ({ id, label: ACCOMPANIMENT_STATES[id] })),
    })),
    partners: followUp.partners.map((each) => ({
      ...each,
      stateLabel: PARTNER_STATES[each.told?.state ?? "to_tell"],
    })),
    versions: versions.map(versionRow),
    notice: {
      ...notice,
      text: versions.findLast(({ kind }) => kind === "resolution") ?? null,
    },
  };
}

interface Message {
  id: string;
  thread: string;
  at: Instant;
  state: string;
  left: { late: boolean } | null;
  answer?: { version?: number | undefined } | undefined;
}

/** True of a request whose answer is late. */
function isOverdue({ state, left }: Pick<Message, "state" | "left">): boolean {
  return state === "open" && left?.late === true;
}

/** Threads folded on the page: the first ones and those that wait are open. */
const OPEN = 3;

/**
 * Exchanges by thread, each the oldest message first with the texts that answer it: those with a late answer first, then
 * those with the newest message.
 */
function threadsOf<T extends Message, V extends { version: number }>(
  messages: readonly T[],
  versions: readonly V[],
) {
  return [...Map.groupBy(messages, ({ thread }) => thread)]
    .toReversed()
    .map(([id, all]) => {
      const ordered = all.toSorted((a, b) => a.at - b.at);
      const answers = new Set(all.flatMap(({ answer }) => answer?.version ?? []));
      return {
        id,
        first: ordered.find((each) => each.id === id) ?? (ordered[0] as T),
        messages: ordered,
        complements: versions.filter(({ version }) => answers.has(version)),
        waits: all.some(({ state }) => state === "open"),
        late: all.some(isOverdue),
        last: Math.max(...all.map(({ at }) => at)),
      };
    })
    .sort((a, b) => Number(b.late) - Number(a.late) || b.last - a.last)
    .map((thread, i) => ({ ...thread, open: thread.waits || i < OPEN }));
}
