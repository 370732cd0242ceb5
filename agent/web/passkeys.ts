import { isIP } from "node:net";
import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Account, Factors, Passkey } from "../core/person.ts";
import type { SealedValues } from "./sealed-values.ts";

/** Read on first use: it is large, and most people sign in with a code. */
const webauthn = () => import("@simplewebauthn/server");
const LIFETIME = 5 * MICROSECONDS.minute;
/** EdDSA, ES256 and RS256 (COSE): what Node verifies without experimental code. */
const ALGORITHMS = [-8, -7, -257];
/** Passkeys of one person. */
export const MOST_PASSKEYS = 10;

const Base64Url = (limit: number) =>
  z
    .string()
    .min(1)
    .max(limit)
    .regex(/^[A-Za-z0-9_-]+$/);
const Extensions = z.record(z.string(), z.unknown()).default({});

/** What a browser answers when a key signs; bounded, since anyone may send it. */
const Assertion = z.object({
  id: Base64Url(1400),
  rawId: Base64Url(1400),
  type: z.literal("public-key"),
  clientExtensionResults: Extensions,
  response: z.object({
    clientDataJSON: Base64Url(4000),
    authenticatorData: Base64Url(2000),
    signature: Base64Url(2000),
    userHandle: Base64Url(200).optional(),
  }),
});

const Attestation = z.object({
  id: Base64Url(1400),
  rawId: Base64Url(1400),
  type: z.literal("public-key"),
  clientExtensionResults: Extensions,
  response: z.object({
    clientDataJSON: Base64Url(4000),
    attestationObject: Base64Url(12_000),
    transports: z.array(z.string().max(20)).max(8).optional(),
  }),
});

export type Signed =
  | { outcome: "signed"; passkey: string; counter: number; challenged: Instant }
  /** The counter went back: the key, or a copy of it, signed elsewhere since. */
  | { outcome: "copied"; passkey: string }
  | { outcome: "wrong" };

/** WebAuthn, level 2: a key signs a challenge that is ours, for one purpose, within five minutes. */
export interface Passkeys {
  /** False where no browser offers passkeys: an address that is an IP, or plain HTTP elsewhere than on localhost. */
  readonly available: boolean;
  /** Options of `navigator.credentials.create` for a person who has proved to be there. */
  invite(account: Pick<Account, "id" | "login" | "name">, known: readonly Passkey[]): Promise<object>;
  /** The key that a browser made for the person; undefined when the answer is wrong, late or another's. */
  accept(account: string, answer: string, name: string): Promise<Passkey | undefined>;
  /** Options of `navigator.credentials.get`; `known` narrows it to the keys of one person. */
  challenge(purpose: string, known?: readonly Passkey[]): Promise<object>;
  /** The account that an answer says it is of; nothing is proved by it. */
  claimed(answer: string): string | undefined;
  /** Checks an answer with the keys of its person. */
  verify(answer: string, purpose: string, factors: Factors): Promise<Signed>;
}

/** Opens passkeys for the address that people use; nothing of a challenge is kept on the server. */
export function passkeys(parts: {
  publicUrl: string;
  name: string;
  sealed: SealedValues;
  clock: Clock;
}): Passkeys {
  const { sealed, clock } = parts;
  const { origin, hostname: rpID, protocol } = new URL(parts.publicUrl);
  const challenge = (purpose: string) => new Uint8Array(sealed.seal(`passkey ${purpose}`, null));
  const made = (purpose: string, text: string) =>
    sealed.open(`passkey ${purpose}`, Buffer.from(text, "base64url"), LIFETIME)?.sealed;
  const named = (keys: readonly Passkey[]) =>
    keys.map(({ id, transports }) => ({ id, transports: transports as never }));

  return {
    available: isIP(rpID.replace(/^\[|\]$/g, "")) === 0 && (protocol === "https:" || rpID === "localhost"),

    invite: async (account, known) =>
      (await webauthn()).generateRegistrationOptions({
        rpName: parts.name,
        rpID,
        userID: new Uint8Array(Buffer.from(account.id)),
        userName: account.login,
        userDisplayName: account.name,
        challenge: challenge(`new ${account.id}`),
        timeout: LIFETIME / 1000,
        attestationType: "none",
        supportedAlgorithmIDs: ALGORITHMS,
        excludeCredentials: named(known),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      }),

    async accept(account, answer, name) {
      const response = readJson(Attestation, answer);
      if (response === undefined) return undefined;
      try {
        const { verified, registrationInfo } = await (await webauthn()).verifyRegistrationResponse({
          response: response as never,
          expectedChallenge: (text) => made(`new ${account}`, text) !== undefined,
          expectedOrigin: origin,
          expectedRPID: rpID,
          requireUserVerification: true,
          supportedAlgorithmIDs: ALGORITHMS,
        });
        if (!verified) return undefined;
        const { id, publicKey, counter } = registrationInfo.credential;
        return {
          id,
          publicKey: Buffer.from(publicKey).toString("base64url"),
          counter,
          transports: response.response.transports ?? [],
          name,
          added: clock.now(),
          used: null,
          suspect: null,
        };
      } catch {
        return undefined;
      }
    },

    challenge: async (purpose, known) =>
      (await webauthn()).generateAuthenticationOptions({
        rpID,
        challenge: challenge(purpose),
        timeout: LIFETIME / 1000,
        userVerification: "required",
        ...(known && { allowCredentials: named(known.filter(({ suspect }) => suspect === null)) }),
      }),

    claimed(answer) {
      const handle = readJson(Assertion, answer)?.response.userHandle;
      return handle === undefined ? undefined : Buffer.from(handle, "base64url").toString();
    },

    async verify(answer, purpose, factors) {
      const response = readJson(Assertion, answer);
      const passkey = factors.passkeys.find(({ id, suspect }) => id === response?.id && suspect === null);
      if (response === undefined || passkey === undefined) return { outcome: "wrong" };
      let challenged: Instant | undefined;
      try {
        const { verified, authenticationInfo } = await (await webauthn()).verifyAuthenticationResponse({
          response: response as never,
          expectedChallenge(text) {
            challenged = made(purpose, text);
            // Made after the one answered last, or it is a replay.
            return challenged !== undefined && challenged > factors.answered;
          },
          expectedOrigin: origin,
          expectedRPID: rpID,
          requireUserVerification: true,
          // The counter is compared below: the library's refusal would not tell a copy from a wrong answer.
          credential: {
            id: passkey.id,
            publicKey: new Uint8Array(Buffer.from(passkey.publicKey, "base64url")),
            counter: 0,
          },
        });
        if (!verified || challenged === undefined) return { outcome: "wrong" };
        const counter = authenticationInfo.newCounter;
        const counts = counter > 0 || passkey.counter > 0;
        if (counts && counter <= passkey.counter) return { outcome: "copied", passkey: passkey.id };
        return { outcome: "signed", passkey: passkey.id, counter, challenged };
      } catch {
        return { outcome: "wrong" };
      }
    },
  };
}

function readJson<T>(shape: z.ZodType<T>, text: string): T | undefined {
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
