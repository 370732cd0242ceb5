import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Clock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { NewId } from "../core/id.ts";
import { Account, NO_FACTORS, type Role } from "../core/person.ts";
import type { Store, Write } from "../store/store.ts";
import { hashPassword } from "./password.ts";
import { makeRecoveryCodes } from "./recovery-codes.ts";

export interface AccountParts {
  store: Store;
  clock: Clock;
  facility: { id: string; name: string };
}

/** What opens an account, to be shown once: nothing of it can be read again. */
export interface Means {
  /** TOTP secret, base32, and the same as an address for an application; empty for an *accès de secours*. */
  totp: string;
  otpauth: string;
  recovery: string[];
}

/** Makes an account with its password, a new one-time code secret and recovery codes; throws `login_taken`. */
export async function createAccount(
  parts: AccountParts & { newId: NewId },
  person: {
    login: string;
    name: string;
    role: Role;
    function: string;
    email: string;
    phone: string;
    password: string;
    identity?: string | undefined;
    /** Who seals it, for an *accès de secours*: it has recovery codes and no application. */
    sealedBy?: string | undefined;
  },
  /** What is written of it in the same unit: who made it. */
  noted: (account: Account) => Write[] = () => [],
): Promise<{ account: Account } & Means> {
  const { store, clock, newId, facility } = parts;
  const { password, sealedBy, identity, ...rest } = person;
  const now = clock.now();
  const account = Account.parse({
    ...rest,
    id: newId(),
    active: true,
    created: now,
    ...(identity ? { identity } : {}),
    ...(sealedBy === undefined ? {} : { emergency: { sealed: { at: now, by: sealedBy }, opened: null } }),
  });
  const taken = (message: string) =>
    new TocsinError({
      code: "login_taken",
      where: account.login,
      message,
      remedy: "choose another",
    });
  if ((await store.reads.accountByLogin(facility.id, account.login)) !== undefined)
    throw taken("this login exists already");
  const { means, writes } = await newMeans(account, { facility: facility.name, password, revision: 1 });
  const receipt = await store.commit({
    facility: facility.id,
    at: now,
    writes: [putAccount(account, 1), ...writes, ...noted(account)],
  });
  if (receipt.outcome === "conflict") throw taken(receipt.because);
  return { account, ...means };
}

/**
 * Gives an account new means, in place of all it had, and ends its sessions; its password too when one is given. An
 * *accès de secours* is sealed anew. Undefined when the account changed meanwhile.
 */
export async function renewMeans(
  parts: AccountParts,
  renewal: { account: string; password?: string | undefined; by: string },
): Promise<Means | undefined> {
  const { store, clock, facility } = parts;
  const now = clock.now();
  const stored = await store.reads.record(facility.id, "account", renewal.account);
  const held = await store.reads.credentials(facility.id, renewal.account);
  if (stored === undefined || held === undefined) return undefined;
  const { revision } = await store.reads.factors(facility.id, renewal.account);
  const { emergency } = stored.content;
  const sealed = emergency && { sealed: { at: now, by: renewal.by }, opened: null };
  const account = sealed ? { ...stored.content, emergency: sealed } : stored.content;
  const { means, writes } = await newMeans(account, {
    facility: facility.name,
    password: renewal.password,
    hashed: held.password,
    revision: revision + 1,
  });
  const receipt = await store.commit({
    facility: facility.id,
    at: now,
    writes: [
      putAccount(account, stored.revision + 1),
      ...writes,
      { write: "sessions_end", account: account.id },
      {
        write: "note",
        what: "means_renewed",
        incident: null,
        content: { account: account.id, by: renewal.by, password: renewal.password !== undefined },
      },
    ],
  });
  return receipt.outcome === "committed" ? means : undefined;
}

/** Changes an account as a person asked; undefined when it does not exist or changed meanwhile. */
export async function changeAccount(
  { store, clock, facility }: Pick<AccountParts, "store" | "clock"> & { facility: { id: string } },
  id: string,
  change: (account: Account) => Account,
  beside: (account: Account) => Write[] = () => [],
): Promise<Account | undefined> {
  const stored = await store.reads.record(facility.id, "account", id);
  if (stored === undefined) return undefined;
  const account = Account.parse(change(stored.content));
  const writes = [putAccount(account, stored.revision + 1), ...beside(account)];
  const receipt = await store.commit({ facility: facility.id, at: clock.now(), writes });
  return receipt.outcome === "committed" ? account : undefined;
}

/** A password that nobody chose, for what is printed: 16 characters of 6 bits. */
export function madePassword(): string {
  return randomBytes(12).toString("base64url");
}

function putAccount(account: Account, revision: number): Write {
  const { id, role: state } = account;
  return { write: "record", kind: "account", id, revision, incident: null, state, content: account };
}

async function newMeans(
  account: Account,
  given: { facility: string; password?: string | undefined; hashed?: string; revision: number },
): Promise<{ means: Means; writes: Write[] }> {
  const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
  const application = account.emergency === undefined;
  const { codes, kept } = makeRecoveryCodes(account.id);
  const password = given.password === undefined ? given.hashed : await hashPassword(given.password);
  const totp = application ? secret.base32 : "";
  const otpauth = new TOTP({ issuer: `Tocsin ${given.facility}`, label: account.login, secret }).toString();
  return {
    means: { totp, otpauth: application ? otpauth : "", recovery: codes },
    writes: [
      {
        write: "credentials",
        credentials: { account: account.id, password: password ?? "", totp, totpStep: 0 },
      },
      {
        write: "factors",
        account: account.id,
        revision: given.revision,
        factors: { ...NO_FACTORS, recovery: kept },
      },
    ],
  };
}
