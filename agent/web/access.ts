import { Router } from "express";
import type { System } from "../core/asset.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { once } from "../core/once.ts";
import type { Alarm } from "../stages/access-alarm.ts";
import { attackedSystems, withAllBelow } from "../stages/attacked-systems.ts";
import type { Desk } from "../stages/desk/desk.ts";
import type { Store, Write } from "../store/store.ts";
import type { Attempts } from "./attempts.ts";
import { entrance } from "./enter.ts";
import { type Gate, gate } from "./gate.ts";
import type { Oidc, OidcSettings } from "./oidc.ts";
import { type OidcMatch, oidcRoutes } from "./oidc-routes.ts";
import { passkeyChallenges, passkeySignIn } from "./passkey-routes.ts";
import { type Passkeys, passkeys } from "./passkeys.ts";
import { type SealedValues, sealedValues } from "./sealed-values.ts";
import { type SecondFactors, secondFactors } from "./second-factor.ts";
import { type SessionLimits, type Sessions, sessions } from "./session-store.ts";
import { emergencyPage, signIn, signInPage } from "./sign-in.ts";
import type { WebLog } from "./web-log.ts";

/** How people sign in to an installation, as it is configured. */
export interface AccessSettings {
  sessions: SessionLimits;
  /** The hospital's identity provider; absent when there is none. */
  oidc?:
    | (OidcSettings & {
        match: OidcMatch;
        /** Ids of the systems without which it proves nothing. */
        dependsOn: readonly string[];
      })
    | undefined;
  /** Reverse proxies whose word on the person's address is taken, beside those of this machine. */
  proxies: readonly string[];
  /** What tells people of an unusual access, to be committed with it. */
  alarm: (alarm: Alarm) => Write[];
}

/** How people prove who they are, opened for one listener. */
export interface Access {
  gate: Gate;
  sessions: Sessions;
  passkeys: Passkeys;
  factors: SecondFactors;
  sealed: SealedValues;
  /** What anyone may open. */
  doors(attempts: Attempts): Router;
  /** What only who is signed in may open. */
  rooms(): Router;
}

/** How long what is known of running incidents is taken for true: a page asks at every turn. */
const ASKED_FOR = 5 * MICROSECONDS.second;

/** Opens sign-in, sessions and second factors. */
export function openAccess(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  settings: AccessSettings;
  publicUrl: string;
  sessionSecret: string;
  systems: readonly System[];
  demo: boolean;
  log: WebLog;
}): Access {
  const { desk, store, clock, settings, publicUrl, sessionSecret, log } = parts;
  const facility = desk.facility.id;
  const secure = publicUrl.startsWith("https:");
  const sealed = sealedValues(sessionSecret, clock);
  const { alarm } = settings;
  const keys = passkeys({ publicUrl, name: `Tocsin ${desk.facility.name}`, sealed, clock });
  const factors = secondFactors({ store, clock, facility, passkeys: keys, alarm });
  const own = sessions({ store, clock, facility, limits: settings.sessions });
  const door = entrance({ store, clock, facility, sealed, secure, alarm, log });
  const oidc = settings.oidc && onFirstUse(settings.oidc, sealed);

  const below = withAllBelow(
    settings.oidc?.dependsOn ?? [],
    new Map(parts.systems.map((system) => [system.id, system])),
  );
  let asked: { at: Instant; attacked: Promise<boolean> } | undefined;
  const providerAttacked = () => {
    const now = clock.now();
    if (asked === undefined || Math.abs(now - asked.at) >= ASKED_FOR) {
      const found = attackedSystems(below, { reads: store.reads, facility, now });
      asked = { at: now, attacked: found.then((systems) => systems.length > 0) };
    }
    return asked.attacked;
  };
  const pages = gate({
    desk,
    store,
    clock,
    secret: sessionSecret,
    secure,
    sessions: own,
    providerAttacked,
    passkeys: keys.available,
  });

  return {
    gate: pages,
    sessions: own,
    passkeys: keys,
    factors,
    sealed,
    doors(attempts) {
      const all = { desk, store, clock, attempts, factors, oidc, providerAttacked, demo: parts.demo, log };
      const ways = { ...all, gate: pages, entrance: door, passkeys: keys };
      const show = signInPage(ways);
      const router = Router({ mergeParams: true });
      router.use(signIn({ ...ways, show }));
      if (keys.available) router.use(passkeySignIn({ ...ways, show }));
      if (settings.oidc !== undefined && oidc !== undefined) {
        const { match } = settings.oidc;
        router.use(oidcRoutes({ ...ways, oidc, match, publicUrl, secure, show }));
      }
      return router;
    },
    rooms() {
      const router = Router({ mergeParams: true });
      router.use(emergencyPage({ desk, store, clock, gate: pages }));
      router.use(passkeyChallenges({ desk, store, passkeys: keys }));
      return router;
    },
  };
}

/** What speaks with the provider is loaded once somebody signs in by it. */
function onFirstUse(settings: OidcSettings, sealed: SealedValues): Oidc {
  const open = once(async () => (await import("./oidc.ts")).openOidc(settings, { sealed }));
  return {
    label: settings.label,
    begin: async (redirect, suite) => (await open()).begin(redirect, suite),
    finish: async (url, kept) => (await open()).finish(url, kept),
  };
}
