import type { Clock, Instant } from "../../core/clock.ts";
import {
  type Account,
  delegationAt,
  lapsingAct,
  REVIEW_EVERY,
  ROLES,
  type Role,
  reviewDueSince,
} from "../../core/person.ts";
import { formatInstant } from "../../stages/french.ts";
import type { Store } from "../../store/store.ts";
import { signInMark } from "../enter.ts";
import { recoveryLeft } from "../recovery-codes.ts";
import { SIGN_IN_WAYS, type SignInWay } from "../session-store.ts";

/** Accounts shown; a hospital has far fewer. */
export const MOST_SHOWN = 500;

/** Who may manage whose account: nobody gives more than they hold, so those who declare are the director's to manage. */
export function mayManage(manager: Account, target: Role): boolean {
  return manager.role === "director" || (target !== "director" && target !== "delegate");
}

/** All that is known of an account, with what is wrong about it. */
export async function personRow(
  account: Account,
  { store, clock, facility, zone }: { store: Store; clock: Clock; facility: string; zone: string },
) {
  const now = clock.now();
  const credentials = await store.reads.credentials(facility, account.id);
  const { factors } = await store.reads.factors(facility, account.id);
  const mark = await store.reads.bookmark(facility, signInMark(account.id));
  const last = mark === undefined ? null : (JSON.parse(mark) as { at: Instant; via: SignInWay });
  const left = recoveryLeft(factors);
  const keys = factors.passkeys.filter(({ suspect }) => suspect === null).length;
  return {
    account,
    role: ROLES[account.role],
    last: last && { at: last.at, via: SIGN_IN_WAYS[last.via] },
    means: [
      ...(credentials?.totp ? ["application de codes"] : []),
      ...(keys > 0 ? [`${keys} clé${keys > 1 ? "s" : ""} d'accès`] : []),
      ...(left > 0 ? [`${left} code${left > 1 ? "s" : ""} de secours`] : []),
    ],
    contacts: [account.phone, account.email].filter((each) => each !== ""),
    faults: account.active
      ? faultsOf(account, { now, zone, left, keys, application: Boolean(credentials?.totp) })
      : [],
  };
}

function faultsOf(
  account: Account,
  known: { now: Instant; zone: string; left: number; keys: number; application: boolean },
): string[] {
  const { now, left, keys, application } = known;
  const { emergency } = account;
  const faults: string[] = [];
  if (emergency !== undefined) {
    if (emergency.opened !== null) faults.push("enveloppe ouverte : à sceller de nouveau");
    else if (now - emergency.sealed.at > REVIEW_EVERY)
      faults.push("scellé depuis plus d'un an : à essayer, puis à sceller de nouveau");
  } else {
    if (account.phone === "" && account.email === "") faults.push("sans moyen de contact");
    if (account.phone === "" && (account.role === "delegate" || account.role === "director"))
      faults.push("sans téléphone : injoignable quand la messagerie est touchée");
    if (left < 3) faults.push("codes de secours à refaire");
  }
  if (!application && keys === 0 && left === 0) faults.push("sans second facteur : ne peut pas entrer");
  const delegation = delegationAt(account, now);
  if (delegation === "unrecorded" && emergency === undefined)
    faults.push("acte de délégation non enregistré");
  if (delegation === "lapsed") faults.push("hors de sa période de délégation : ne peut pas décider");
  const lapsing = lapsingAct(account, now);
  if (lapsing !== undefined)
    faults.push(
      `délégation « ${lapsing.document} » finie le ${formatInstant(lapsing.until, known.zone)} : nouvel acte à prendre`,
    );
  if (reviewDueSince(account, now) !== undefined) faults.push("à revoir : plus d'un an sans revue");
  return faults;
}

/** What is wrong with the whole: without these nobody decides on the worst night. */
export function houseFaults(accounts: readonly Account[], now: Instant): string[] {
  const active = accounts.filter((account) => account.active);
  const decides = (account: Account) =>
    account.role === "director" || (account.role === "delegate" && delegationAt(account, now) !== "lapsed");
  return [
    ...(active.some((account) => account.emergency !== undefined)
      ? []
      : ["Aucun accès de secours : si l'annuaire et les téléphones manquent, personne n'entre."]),
    ...(active.filter((account) => account.emergency === undefined && decides(account)).length >= 2
      ? []
      : ["Moins de deux personnes peuvent décider : une absence suffit à bloquer une déclaration."]),
    ...unreviewed(active.filter((account) => reviewDueSince(account, now) !== undefined).length),
    ...(active.some(({ role }) => role === "director") ? [] : ["Aucun compte de directeur."]),
  ];
}

function unreviewed(count: number): string[] {
  if (count === 0) return [];
  return [
    count === 1
      ? "Un compte n'a pas été revu depuis plus d'un an."
      : `${count} comptes n'ont pas été revus depuis plus d'un an.`,
  ];
}
