import type { Decision, Proof } from "../../core/decision.ts";
import { type Account, type Act, calledName, mayAct, samePerson } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { confirm } from "../confirm.ts";
import { type Actor, type Refused, refuse, type Stale, type TextSeen } from "../person-act.ts";
import type { Setup, Work } from "../work.ts";
import { handBack, handOver, sendBack } from "./hand.ts";
import { hearOral, type OralRecord, prepareOral, recordOral, settleOral, withdrawOral } from "./oral.ts";
import { confirmSetAside, endSetAside, type SetAside, setAside } from "./second-person.ts";

/** Accounts and oral decisions that are looked through at once. */
const MOST = 200;

/** Accounts that are compared with the one of who acts; a hospital has far fewer. */
const MOST_ACCOUNTS = 2000;

/** A person who may decide, and whether they can be reached. */
export type Colleague = Pick<Account, "id" | "name" | "role" | "function" | "phone"> & { reachable: boolean };

/** How people decide on a text, together where the law or the hour asks for it. */
export interface DecisionDesk {
  /** Who may decide now, the director last. */
  deciders(): Promise<Colleague[]>;
  approve(
    text: TextSeen,
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "approved"; decision: Decision } | Stale | Refused>;
  /** While a criterion is met, only begins: a second person then confirms. */
  setAside(text: TextSeen, reason: string, proof: Proof, actor: Actor): Promise<SetAside | Stale | Refused>;
  confirmSetAside(
    text: TextSeen,
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "set_aside"; decision: Decision } | Stale | Refused>;
  /** Takes one's own request not to declare back, or refuses a colleague's. */
  endSetAside(
    text: TextSeen,
    comment: string,
    actor: Actor,
  ): Promise<{ outcome: "withdrawn" | "declined" } | Stale | Refused>;
  sendBack(
    text: TextSeen,
    comment: string,
    actor: Actor,
  ): Promise<{ outcome: "sent_back" } | Stale | Refused>;
  handOver(
    handing: { incident: string; to: string; comment: string },
    actor: Actor,
  ): Promise<{ outcome: "handed_over" } | Refused>;
  handBack(
    handing: { incident: string; comment: string },
    actor: Actor,
  ): Promise<{ outcome: "handed_back" } | Refused>;
  /** Puts the text in the name of the delegate who is about to be called. */
  prepareOral(
    call: { incident: string; delegate: string },
    actor: Actor,
  ): Promise<{ outcome: "prepared" } | Refused>;
  /** Records that the delegate said yes on the telephone; a second listener has to say so too. */
  recordOral(
    record: OralRecord & { delegate: string },
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "oral_awaited" } | Stale | Refused>;
  hearOral(
    heard: { text: TextSeen; typed: string },
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "approved"; decision: Decision } | Stale | Refused>;
  withdrawOral(text: TextSeen, actor: Actor): Promise<{ outcome: "withdrawn" } | Stale | Refused>;
  /** Decisions recorded by telephone in a person's name that they have not made their own. */
  oralOf(actor: Actor): Promise<Pick<Decision, "id" | "incident" | "at">[]>;
  settleOral(
    settling: { incident: string; decision: string; confirmed: boolean; comment: string },
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "settled"; decision: Decision } | Refused>;
}

type ActOnText = <T extends { outcome: string }>(
  incident: string,
  actor: Actor,
  right: Act,
  work: (work: Work, now: number) => T | Refused | Stale,
) => Promise<T | Refused | Stale>;

const NO_SUCH_COLLEAGUE = refuse(
  "unknown_colleague",
  "Cette personne n'existe pas ici, ou ne peut pas décider maintenant : choisissez-en une autre.",
);

/** Builds the part of the desk where people decide. */
export function decisionDesk(parts: {
  store: Store;
  setup: Setup;
  now: () => number;
  act: ActOnText;
  decided: (decision: Decision) => void;
}): DecisionDesk {
  const { store, setup, act, decided } = parts;
  const facility = setup.facility.id;

  const decidersNow = async (): Promise<Account[]> =>
    (await store.reads.byState(facility, "account", ["delegate", "director"], { limit: MOST }))
      .map(({ content }) => ({ ...content, name: calledName(content) }))
      .filter((account) => mayAct(account, "decide", parts.now()))
      .sort(
        (a, b) =>
          Number(a.role === "director") - Number(b.role === "director") || a.name.localeCompare(b.name, "fr"),
      );

  /** What tells the other accounts of who acts. */
  const twinsOf = async (actor: Actor): Promise<(account: string) => boolean> => {
    const all = await store.reads.byState(facility, "account", [], { limit: MOST_ACCOUNTS });
    const own = all.find(({ content }) => content.id === actor.id)?.content ?? actor;
    const twins = new Set(
      all.flatMap(({ content }) => (content.id !== actor.id && samePerson(content, own) ? content.id : [])),
    );
    return (account) => twins.has(account);
  };

  /** Tells of a decision once it is in the record. */
  const told = <T extends { outcome: string }>(done: T): T => {
    const { decision } = done as { decision?: Decision };
    if (decision !== undefined) decided(decision);
    return done;
  };
  const approved = <T extends { outcome: string }>(done: T | { outcome: "decided"; decision: Decision }) => {
    if (done.outcome !== "decided") return done as Exclude<T, { outcome: "decided" }>;
    const { decision } = told(done as { outcome: "decided"; decision: Decision });
    return { outcome: "approved" as const, decision };
  };

  return {
    deciders: async () =>
      (await decidersNow()).map((account) => ({
        id: account.id,
        name: account.name,
        role: account.role,
        function: account.function,
        phone: account.phone,
        reachable: isReachable(account),
      })),

    approve: async (text, proof, actor) =>
      approved(
        await act(text.incident, actor, "decide", (work, now) =>
          confirm(work, { text, decision: "approved", reason: null, proof, actor }, setup, now),
        ),
      ),

    setAside: async (text, reason, proof, actor) => {
      const directors = (await decidersNow()).flatMap(({ id, role }) => (role === "director" ? id : []));
      return told(
        await act(text.incident, actor, "decide", (work, now) =>
          setAside(work, { text, reason: reason.trim(), proof, actor, directors }, setup, now),
        ),
      );
    },

    confirmSetAside: async (text, proof, actor) => {
      const able = new Set((await decidersNow()).map(({ id }) => id));
      const mayDecide = (account: string) => able.has(account);
      const twin = await twinsOf(actor);
      return told(
        await act(text.incident, actor, "decide", (work, now) =>
          confirmSetAside(work, { text, proof, actor, mayDecide, twin }, setup, now),
        ),
      );
    },

    endSetAside: (text, comment, actor) =>
      act(text.incident, actor, "decide", (work, now) =>
        endSetAside(work, { text, comment: comment.trim(), actor }, setup, now),
      ),

    sendBack: (text, comment, actor) =>
      act(text.incident, actor, "decide", (work, now) =>
        sendBack(work, { text, comment: comment.trim(), actor }, setup, now),
      ),

    async handOver({ incident, to: account, comment }, actor) {
      const to = (await decidersNow()).find(({ id }) => id === account);
      if (to === undefined) return NO_SUCH_COLLEAGUE;
      if (!isReachable(to))
        return refuse(
          "unreachable_colleague",
          `${to.name} n'a ni téléphone ni courriel enregistré : rien ne peut prévenir cette personne.`,
        );
      return (await act(incident, actor, "decide", (work, now) =>
        handOver(work, { to, comment: comment.trim(), actor }, setup, now),
      )) as { outcome: "handed_over" } | Refused;
    },

    handBack: async ({ incident, comment }, actor) =>
      (await act(incident, actor, "decide", (work, now) =>
        handBack(work, { comment: comment.trim(), actor }, setup, now),
      )) as { outcome: "handed_back" } | Refused,

    async prepareOral({ incident, delegate: account }, actor) {
      const delegate = (await decidersNow()).find(({ id }) => id === account);
      if (delegate === undefined) return NO_SUCH_COLLEAGUE;
      return (await act(incident, actor, "record_oral", (work) => prepareOral(work, { delegate }))) as
        | { outcome: "prepared" }
        | Refused;
    },

    async recordOral({ delegate: account, ...record }, proof, actor) {
      const delegate = (await decidersNow()).find(({ id }) => id === account);
      if (delegate === undefined) return NO_SUCH_COLLEAGUE;
      const twin = await twinsOf(actor);
      return act(record.text.incident, actor, "record_oral", (work, now) =>
        recordOral(work, { ...record, delegate, proof, actor, twin }, now),
      );
    },

    async hearOral({ text, typed }, proof, actor) {
      const able = new Map((await decidersNow()).map((account) => [account.id, account]));
      const delegate = (account: string) => able.get(account);
      const twin = await twinsOf(actor);
      return approved(
        await act(text.incident, actor, "answer", (work, now) =>
          hearOral(work, { text, typed, proof, actor, delegate, twin }, setup, now),
        ),
      );
    },

    withdrawOral: (text, actor) =>
      act(text.incident, actor, "record_oral", (work, now) => withdrawOral(work, { text, actor }, now)),

    async oralOf(actor) {
      if (!mayAct(actor, "decide", parts.now())) return [];
      const found = await store.reads.byState(facility, "decision", ["oral"], { limit: MOST });
      return found
        .map(({ content }) => content)
        .filter(({ delegate }) => delegate.account === actor.id)
        .map(({ id, incident, at }) => ({ id, incident, at }));
    },

    settleOral: async ({ incident, decision, confirmed, comment }, proof, actor) =>
      (await act(incident, actor, "decide", (work, now) =>
        settleOral(work, { decision, confirmed, comment: comment.trim(), proof, actor }, setup, now),
      )) as { outcome: "settled"; decision: Decision } | Refused,
  };
}

/** A person whom nothing can tell is not asked. */
function isReachable({ email, phone }: Pick<Account, "email" | "phone">): boolean {
  return email !== "" || phone !== "";
}
