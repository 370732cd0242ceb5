import { timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { NoteKind } from "../core/journal.ts";
import type { Account, Factors, SecondFactor } from "../core/person.ts";
import type { Alarm } from "../stages/access-alarm.ts";
import type { Store, Write } from "../store/store.ts";
import { spendCode } from "./one-time-code.ts";
import type { Passkeys } from "./passkeys.ts";
import { recoveryHash, recoveryLeft } from "./recovery-codes.ts";

/** What a form carries of a second factor: a typed code, one-time or recovery, or the answer of a passkey. */
export const FactorFields = {
  code: z.string().max(40).default(""),
  passkey: z.string().max(20_000).default(""),
};
export interface GivenFactor {
  code: string;
  passkey: string;
}

export type FactorResult =
  | { outcome: "proven"; factor: SecondFactor; recoveryLeft: number }
  /** In French: what is wrong, and what to do. */
  | { outcome: "wrong" | "used"; problem: string; remedy: string };

/** The person's own second factor, wherever one is asked: sign-in, decisions, changes of one's means. */
export interface SecondFactors {
  /**
   * Checks and uses up what the person gave, durably; `purpose` is what a passkey's challenge must have been made for.
   * Without an account it works as long and says no.
   */
  prove(account: Account | undefined, given: GivenFactor, purpose: string): Promise<FactorResult>;
}

const WRONG = {
  outcome: "wrong",
  problem: "Code incorrect",
  remedy: "Recopiez le code affiché maintenant par votre application, ou un code de secours.",
} as const;
const WRONG_KEY = {
  outcome: "wrong",
  problem: "Clé d'accès non reconnue, ou demande expirée",
  remedy: "Recommencez, ou donnez un code.",
} as const;
const USED = {
  outcome: "used",
  problem: "Ce code a déjà servi",
  remedy: "Attendez le suivant (30 secondes au plus).",
} as const;
const AHEAD = {
  outcome: "used",
  problem: "L'horloge du serveur a reculé : ce code ne peut pas servir",
  remedy: "Donnez un code de secours ou une clé d'accès, et prévenez l'exploitant.",
} as const;
const USED_RECOVERY = {
  outcome: "used",
  problem: "Ce code de secours a déjà servi",
  remedy: "Rayez-le de votre feuille et prenez le suivant.",
} as const;

/** Opens the one way to prove a second factor; what is unusual of its use is journalled and told in the same unit. */
export function secondFactors(parts: {
  store: Store;
  clock: Clock;
  facility: string;
  passkeys: Passkeys;
  /** What tells people of it. */
  alarm: (alarm: Alarm) => Write[];
}): SecondFactors {
  const { store, clock, facility, passkeys } = parts;

  /** Replaces what a person has, when nobody did meanwhile. */
  const replace = async (account: string, revision: number, factors: Factors, beside: Write[]) => {
    const write: Write = { write: "factors", account, revision: revision + 1, factors };
    const unit = { facility, at: clock.now(), writes: [write, ...beside] };
    return (await store.commit(unit)).outcome === "committed";
  };
  const noted = (what: NoteKind, content: object): Write => ({
    write: "note",
    what,
    incident: null,
    content,
  });

  async function recovery(account: Account, hash: string): Promise<FactorResult> {
    const { revision, factors } = await store.reads.factors(facility, account.id);
    const code = factors.recovery.find((each) => isSame(each.hash, hash));
    if (code === undefined) return WRONG;
    if (code.used !== null) return USED_RECOVERY;
    const at = clock.now();
    const next = {
      ...factors,
      recovery: factors.recovery.map((each) => (each === code ? { hash, used: at } : each)),
    };
    const left = recoveryLeft(next);
    const done = await replace(account.id, revision, next, [
      noted("recovery_code_used", { account: account.id, name: account.name, left }),
      ...parts.alarm({ what: "recovery_code", account, at, left }),
    ]);
    return done ? { outcome: "proven", factor: "recovery_code", recoveryLeft: left } : USED_RECOVERY;
  }

  async function passkey(account: Account, answer: string, purpose: string): Promise<FactorResult> {
    const { revision, factors } = await store.reads.factors(facility, account.id);
    const signed = await passkeys.verify(answer, purpose, factors);
    if (signed.outcome === "wrong") return WRONG_KEY;
    const at = clock.now();
    const change = (with_: object) =>
      factors.passkeys.map((each) => (each.id === signed.passkey ? { ...each, ...with_ } : each));
    if (signed.outcome === "copied") {
      const name = factors.passkeys.find(({ id }) => id === signed.passkey)?.name ?? "";
      await replace(account.id, revision, { ...factors, passkeys: change({ suspect: at }) }, [
        noted("passkey_suspect", { account: account.id, name: account.name, passkey: name }),
        ...parts.alarm({ what: "passkey_suspect", account, at, passkey: name }),
      ]);
      return WRONG_KEY;
    }
    const { counter, challenged } = signed;
    const next = { ...factors, passkeys: change({ counter, used: at }), answered: challenged };
    const done = await replace(account.id, revision, next, []);
    return done ? { outcome: "proven", factor: "passkey", recoveryLeft: recoveryLeft(factors) } : WRONG_KEY;
  }

  return {
    async prove(account, { code, passkey: answer }, purpose) {
      if (account !== undefined && answer !== "") return passkey(account, answer, purpose);
      const hash = recoveryHash(account?.id ?? "", code);
      if (account !== undefined && hash !== undefined) return recovery(account, hash);
      const spent = await spendCode(store, { facility, account: account?.id, code, at: clock.now() });
      if (spent === "ahead") return AHEAD;
      if (spent !== "spent" || account === undefined) return spent === "used" ? USED : WRONG;
      const { factors } = await store.reads.factors(facility, account.id);
      return { outcome: "proven", factor: "totp", recoveryLeft: recoveryLeft(factors) };
    },
  };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
