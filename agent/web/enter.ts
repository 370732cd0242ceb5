import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Request, Response } from "express";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import type { Account } from "../core/person.ts";
import type { Alarm } from "../stages/access-alarm.ts";
import type { Store, Write } from "../store/store.ts";
import { type AttemptKey, placeOf } from "./attempts.ts";
import { deviceOf } from "./device.ts";
import { PageError } from "./page-error.ts";
import type { SealedValues } from "./sealed-values.ts";
import type { SignInWay } from "./session-store.ts";
import type { WebLog } from "./web-log.ts";

const DEVICE_DAYS = 180;

/** Where the last sign-in of an account is noted. */
export function signInMark(account: string): string {
  return `signed-in ${account}`;
}

/** How everyone comes in, whichever way they proved who they are. */
export interface Entrance {
  /** What an attempt is counted against: a browser that the person signed in from before has a count of its own. */
  keysFor(request: Request, name: string, account: Account | undefined): AttemptKey[];
  /** Opens a session under a new id; an *accès de secours* is told of first. */
  enter(request: Request, response: Response, account: Account, via: SignInWay): Promise<void>;
}

/** Builds the one way in. */
export function entrance(parts: {
  store: Store;
  clock: Clock;
  facility: string;
  sealed: SealedValues;
  secure: boolean;
  alarm: (alarm: Alarm) => Write[];
  log: WebLog;
}): Entrance {
  const { store, clock, facility, sealed, secure, log } = parts;
  const cookie = secure ? "__Host-tocsin-device" : "tocsin-device";

  /** The device's own mark, when it signed this account in before. */
  const deviceFor = (request: Request, account: Account | undefined) => {
    const given = request.cookies?.[cookie];
    if (account === undefined || typeof given !== "string") return undefined;
    const lifetime = DEVICE_DAYS * 24 * MICROSECONDS.hour;
    const opened = sealed.open(`device ${account.id}`, Buffer.from(given, "base64url"), lifetime);
    return typeof opened?.value === "string" ? opened.value : undefined;
  };

  return {
    keysFor(request, name, account) {
      const device = deviceFor(request, account);
      const place = placeOf(request.ip);
      if (device !== undefined) return [{ width: "device", key: `device ${device}` }];
      return [
        { width: "narrow", key: `sign-in ${place} ${name}` },
        { width: "wide", key: `sign-in ${place}` },
      ];
    },

    async enter(request, response, account, via) {
      const now = clock.now();
      const address = request.ip ?? "";
      const writes: Write[] = [
        {
          write: "note",
          what: "signed_in",
          incident: null,
          content: { account: account.id, name: account.name, via, address },
        },
      ];
      writes.push({
        write: "bookmark",
        name: signInMark(account.id),
        content: JSON.stringify({ at: now, via }),
      });
      if (account.emergency !== undefined) writes.push(...(await opening(account, address)));
      const receipt = await store.commit({ facility, at: now, writes });
      // Someone changed the account this instant: nobody enters on what it was.
      if (receipt.outcome === "conflict") throw new PageError(409, { remedy: "Connectez-vous de nouveau." });
      const device = deviceFor(request, account) ?? randomBytes(12).toString("base64url");
      // A new session id at sign-in: one planted beforehand is worth nothing.
      await promisify(request.session.regenerate.bind(request.session))();
      Object.assign(request.session, {
        account: account.id,
        role: account.role,
        since: now,
        used: now,
        via,
        address,
        device: deviceOf(request.headers["user-agent"]),
      });
      await promisify(request.session.save.bind(request.session))();
      response.cookie(cookie, sealed.seal(`device ${account.id}`, device).toString("base64url"), {
        httpOnly: true,
        sameSite: "lax",
        secure,
        path: "/",
        maxAge: DEVICE_DAYS * 86_400_000,
      });
      log.info("signed in", { account: account.id, via });
    },
  };

  /** The envelope is open from now on, and people are told. */
  async function opening(account: Account, address: string): Promise<Write[]> {
    const at = clock.now();
    const told: Write[] = [
      {
        write: "note",
        what: "emergency_access",
        incident: null,
        content: { account: account.id, name: account.name, address },
      },
      ...parts.alarm({ what: "emergency_access", account, at, address }),
    ];
    const { emergency } = account;
    if (emergency === undefined || emergency.opened !== null) return told;
    const stored = await store.reads.record(facility, "account", account.id);
    if (stored === undefined) return told;
    const content = { ...stored.content, emergency: { ...emergency, opened: at } };
    return [
      {
        write: "record",
        kind: "account",
        id: account.id,
        revision: stored.revision + 1,
        incident: null,
        state: content.role,
        content,
      },
      ...told,
    ];
  }
}
