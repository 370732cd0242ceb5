import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Clock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { NewId } from "../core/id.ts";
import { Account, type Role } from "../core/person.ts";
import type { Store } from "../store/store.ts";
import { hashPassword } from "./password.ts";

/** Makes an account with its password and a new one-time code secret; throws `login_taken`. */
export async function createAccount(
  parts: { store: Store; clock: Clock; newId: NewId; facility: { id: string; name: string } },
  person: {
    login: string;
    name: string;
    role: Role;
    function: string;
    email: string;
    phone: string;
    password: string;
  },
): Promise<{ account: Account; totp: string; otpauth: string }> {
  const { store, clock, newId, facility } = parts;
  const { password, ...rest } = person;
  const account = Account.parse({ ...rest, id: newId(), active: true, created: clock.now() });
  if ((await store.reads.accountByLogin(facility.id, account.login)) !== undefined) {
    throw new TocsinError({
      code: "login_taken",
      where: account.login,
      message: "this login exists already",
      remedy: "choose another",
    });
  }
  const secret = new Secret({ buffer: Uint8Array.from(randomBytes(20)).buffer });
  const receipt = await store.commit({
    facility: facility.id,
    at: clock.now(),
    writes: [
      {
        write: "record",
        kind: "account",
        id: account.id,
        revision: 1,
        incident: null,
        state: account.role,
        content: account,
      },
      {
        write: "credentials",
        credentials: {
          account: account.id,
          password: await hashPassword(password),
          totp: secret.base32,
          totpStep: 0,
        },
      },
    ],
  });
  if (receipt.outcome === "conflict")
    throw new TocsinError({ code: "login_taken", where: account.login, message: receipt.because });
  const otpauth = new TOTP({ issuer: `Tocsin ${facility.name}`, label: account.login, secret }).toString();
  return { account, totp: secret.base32, otpauth };
}
