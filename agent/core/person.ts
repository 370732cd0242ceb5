import { z } from "zod";
import { type Instant, MICROSECONDS } from "./clock.ts";

export const ROLES = {
  delegate: "Personne déléguée",
  director: "Directeur",
  rssi: "RSSI",
  dpo: "Délégué à la protection des données",
  operator: "Opérateur",
  auditor: "Auditeur (lecture seule)",
} as const;
export const Role = z.enum(["delegate", "director", "rssi", "dpo", "operator", "auditor"]);
export type Role = z.infer<typeof Role>;

/** Acts a person may be allowed. */
export type Act =
  | "read"
  | "answer"
  | "edit"
  | "decide"
  | "record_filing"
  | "record_oral"
  | "settle_clock"
  | "prepare_duty"
  | "approve_duty"
  | "exchange"
  | "follow_up"
  | "unmask"
  | "sign_off"
  | "mute"
  | "erase"
  /** Suspends the conservation of a dossier. */
  | "hold"
  /** Lists dossiers for elimination, and records the visa. */
  | "eliminate"
  | "manage_people";

/** What who answers for a declaration may do. */
const DECIDES: readonly Act[] = [
  "read",
  "answer",
  "edit",
  "decide",
  "record_filing",
  "settle_clock",
  "prepare_duty",
  "approve_duty",
  "exchange",
  "follow_up",
  "unmask",
  "sign_off",
  "mute",
  "hold",
];

const ACTS: Readonly<Record<Role, readonly Act[]>> = {
  delegate: DECIDES,
  director: [...DECIDES, "erase", "eliminate", "manage_people"],
  rssi: [
    "read",
    "answer",
    "edit",
    "record_filing",
    "record_oral",
    "settle_clock",
    "prepare_duty",
    "approve_duty",
    "exchange",
    "follow_up",
    "unmask",
    "sign_off",
    "mute",
    "erase",
    "hold",
    "manage_people",
  ],
  dpo: ["read", "answer", "settle_clock", "prepare_duty", "approve_duty", "exchange", "hold", "eliminate"],
  operator: ["read", "answer", "record_oral", "exchange"],
  auditor: ["read"],
};

const Instants = z.int();

/** An act by which a person is empowered to declare, as the facility recorded and published it. */
export const Delegation = z.object({
  /** First instant at which it holds. */
  from: Instants,
  /** From this instant on it holds no more; null while no end was set. */
  until: Instants.nullable(),
  /** Name and function of who delegates. */
  by: z.string().min(1),
  /** Reference of the signed document. */
  document: z.string().min(1),
  /** What is delegated, in the words of the act. */
  scope: z.string(),
  /** When it was published, as written; empty when nobody said. */
  published: z.string(),
  recorded: z.object({ at: Instants, by: z.string() }),
});
export type Delegation = z.infer<typeof Delegation>;

/** What says whether a person may do something. */
type Empowered = Pick<Account, "role" | "active"> & { delegations?: readonly Delegation[] | undefined };

/**
 * Least privilege: only the director or the person delegated declares (D.1111-16-3), and a person whose delegation is
 * recorded only while it holds, so that to decide needs the instant.
 */
export function mayAct(account: Empowered, act: Exclude<Act, "decide">): boolean;
export function mayAct(account: Empowered, act: Act, at: Instant): boolean;
export function mayAct(account: Empowered, act: Act, at?: Instant): boolean {
  if (!account.active || !ACTS[account.role].includes(act)) return false;
  return act !== "decide" || (at !== undefined && delegationAt(account, at) !== "lapsed");
}

/** Where a person stands with the acts that empower them: nothing is asked of who needs none, or has none recorded. */
export function delegationAt(
  account: Empowered,
  at: Instant,
): "not_needed" | "unrecorded" | "holds" | "lapsed" {
  if (account.role !== "delegate") return "not_needed";
  const acts = account.delegations ?? [];
  if (acts.length === 0) return "unrecorded";
  return acts.some(({ from, until }) => from <= at && (until === null || at < until)) ? "holds" : "lapsed";
}

/** *Accès de secours*: an account that works when the directory is dead, its means kept in a sealed envelope. */
export const Emergency = z.object({
  /** When the envelope was sealed last, and by whom. */
  sealed: z.object({ at: Instants, by: z.string() }),
  /** When it was opened: the first sign-in since; null while the seal holds. */
  opened: Instants.nullable(),
  /** Who said last that they opened it. */
  holder: z.string().optional(),
});
export type Emergency = z.infer<typeof Emergency>;

/** What a yearly review of an account led to. */
export const REVIEW_OUTCOMES = {
  kept: "rien à changer",
  changed: "à changer, ou changé",
  closed: "compte fermé",
} as const;
export const ReviewOutcome = z.enum(["kept", "changed", "closed"]);
export type ReviewOutcome = z.infer<typeof ReviewOutcome>;

/** Someone looked at an account: who, when, and what came of it. */
export const Review = z.object({
  at: Instants,
  by: z.string(),
  /** Absent in older records, which only say that it was looked at. */
  outcome: ReviewOutcome.optional(),
  note: z.string().optional(),
});
export type Review = z.infer<typeof Review>;

/** A person with access. Password and second factor are kept apart, as credentials. */
export const Account = z.object({
  id: z.string(),
  login: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  name: z.string().min(1),
  role: Role,
  function: z.string().default(""),
  email: z.string().default(""),
  phone: z.string().default(""),
  active: z.boolean().default(true),
  created: z.int(),
  /** What the identity provider calls the person, where neither login nor e-mail says it. */
  identity: z.string().optional(),
  /** Acts of delegation, oldest first; absent when none was recorded. */
  delegations: z.array(Delegation).optional(),
  /** Present for an *accès de secours*. */
  emergency: Emergency.optional(),
  /** The last yearly review. */
  reviewed: Review.optional(),
});
export type Account = z.infer<typeof Account>;

/** What a person is called in what they do: who opened an *accès de secours* stands before the name of the access. */
export function calledName({ name, emergency }: Pick<Account, "name" | "emergency">): string {
  return emergency?.holder === undefined ? name : `${emergency.holder} (${name})`;
}

/** What of an account tells whose it is. */
type Named = Pick<Account, "name"> & Partial<Pick<Account, "id" | "identity" | "emergency">>;

/**
 * True when two accounts are, as far as the record tells, of one person: the same name, whoever opened an *accès de
 * secours* included, or the same identity at the provider. Who lies about a name is not found so; the journal keeps it.
 */
export function samePerson(a: Named, b: Named): boolean {
  if (a.identity !== undefined && a.identity === b.identity) return true;
  const names = namesOf(a);
  return namesOf(b).some((name) => names.includes(name));
}

/** The words of the names in order, without accents, case, hyphens or titles. */
function namesOf({ name, emergency }: Named): string[] {
  return [name, emergency?.holder ?? ""].flatMap((each) => {
    const words = each
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== "" && !TITLES.has(word));
    return words.length === 0 ? [] : [words.sort().join(" ")];
  });
}

const TITLES: ReadonlySet<string> = new Set([
  "dr",
  "docteur",
  "pr",
  "professeur",
  "m",
  "mme",
  "monsieur",
  "madame",
]);

/** Every account is looked at once a year. */
export const REVIEW_EVERY = 365 * MICROSECONDS.day;
/** How long before its end a delegation asks for a new act. */
export const LAPSES_WITHIN = 30 * MICROSECONDS.day;

/** Since when the review of an account is due; undefined while it is not, and for a closed account. */
export function reviewDueSince(
  account: Pick<Account, "active" | "reviewed" | "created">,
  at: Instant,
): Instant | undefined {
  const due = (account.reviewed?.at ?? account.created) + REVIEW_EVERY;
  return account.active && due < at ? due : undefined;
}

/** The act whose end leaves a person without a delegation, with that end; undefined when none does in that time. */
export function lapsingAct(
  account: Empowered,
  at: Instant,
  within = LAPSES_WITHIN,
): { document: string; until: Instant } | undefined {
  if (!account.active || delegationAt(account, at) !== "holds") return undefined;
  const acts = account.delegations ?? [];
  // Acts that follow each other without a gap are one stretch.
  let until = at;
  let document = "";
  for (;;) {
    const next = acts
      .filter((act) => act.from <= until && (act.until === null || act.until > until))
      .toSorted((a, b) => (b.until ?? Number.POSITIVE_INFINITY) - (a.until ?? Number.POSITIVE_INFINITY))[0];
    if (next === undefined) break;
    if (next.until === null) return undefined;
    until = next.until;
    document = next.document;
  }
  return until - at <= within ? { document, until } : undefined;
}

export const SECOND_FACTORS = {
  totp: "code à usage unique",
  passkey: "clé d'accès",
  recovery_code: "code de secours",
  own_key: "clé de signature personnelle",
} as const;
export const SecondFactor = z.enum(["totp", "passkey", "recovery_code", "own_key"]);
export type SecondFactor = z.infer<typeof SecondFactor>;

/** A WebAuthn credential of a person. */
export interface Passkey {
  /** Credential id, base64url. */
  id: string;
  /** COSE public key, base64url. */
  publicKey: string;
  /** Signatures made, as the authenticator told last; 0 for those that do not count. */
  counter: number;
  transports: string[];
  name: string;
  added: Instant;
  used: Instant | null;
  /** Its counter went back: another may hold a copy, so it opens nothing any more. */
  suspect: Instant | null;
}

/** A key with which a person signs their own decisions, for a tool to carry: only its public half is kept. */
export interface OwnKey {
  id: string;
  /** Ed25519 public key, 32 bytes, base64url. */
  publicKey: string;
  name: string;
  added: Instant;
}

/** Means beside password and one-time code; replaced as one, at a revision. */
export interface Factors {
  /** SHA-256 of each recovery code with its account, and when it served. */
  recovery: { hash: string; used: Instant | null }[];
  passkeys: Passkey[];
  /** Absent while there never were any. */
  ownKeys?: OwnKey[];
  /** Instant of making of the last challenge answered with a passkey: an older one is a replay. */
  answered: Instant;
}

export const NO_FACTORS: Factors = { recovery: [], passkeys: [], answered: 0 };

/** What proves that it is the person; never journalled, never shown. */
export interface Credentials {
  account: string;
  /** `argon2id$m=…,t=…,p=…$salt$hash`, base64. */
  password: string;
  /** TOTP secret (RFC 6238), base32; empty for an account that has none. */
  totp: string;
  /** Last time step used: a code serves once. */
  totpStep: number;
}

/** The further means of an account, with the revision that a change of them replaces: 0 while there never were any. */
export interface StoredFactors {
  revision: number;
  factors: Factors;
}
