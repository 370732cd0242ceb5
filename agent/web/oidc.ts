import * as client from "openid-client";
import { MICROSECONDS } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { SealedValues } from "./sealed-values.ts";

/** What is known of the hospital's identity provider. */
export interface OidcSettings {
  /** What people call it. */
  label: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  clientAuthentication: "client_secret_basic" | "client_secret_post";
  scope: string;
  /** The claim that names the person. */
  claim: string;
  /** Sent with the request, where a provider wants it (`acr_values`). */
  acrValues?: string | undefined;
}

export type OidcBegun =
  /** Where to send the person; `kept` is to come back with them, in a cookie. */
  { outcome: "ready"; url: string; kept: string } | { outcome: "unreachable"; because: string };

export type OidcFinished =
  | { outcome: "proven"; value: string; suite: string }
  | { outcome: "refused"; because: string }
  | { outcome: "unreachable"; because: string };

/** OpenID Connect: authorization code with PKCE, state and nonce. It tells who someone is, never what they may. */
export interface Oidc {
  readonly label: string;
  begin(redirect: string, suite: string): Promise<OidcBegun>;
  /** Checks what the person came back with. */
  finish(url: URL, kept: string): Promise<OidcFinished>;
}

/** How long a person may take at the provider. */
const LIFETIME = 10 * MICROSECONDS.minute;
const TIMEOUT_SECONDS = 5;
const PURPOSE = "oidc";

interface Kept {
  state: string;
  nonce: string;
  verifier: string;
  suite: string;
}

/** Opens the provider; it is not asked anything before someone wants to sign in. */
export function openOidc(settings: OidcSettings, { sealed }: { sealed: SealedValues }): Oidc {
  const issuer = new URL(settings.issuer);
  const local = issuer.protocol === "http:";
  const authentication = {
    client_secret_basic: client.ClientSecretBasic,
    client_secret_post: client.ClientSecretPost,
  }[settings.clientAuthentication](settings.clientSecret);
  let known: client.Configuration | undefined;

  /** Asked anew for each sign-in that begins: nobody is sent to a provider that does not answer. */
  async function discover(): Promise<client.Configuration> {
    known = await client.discovery(issuer, settings.clientId, undefined, authentication, {
      timeout: TIMEOUT_SECONDS,
      // The ID token's own signature too: a machine that opens TLS on the way could write another.
      // Plain HTTP passes the configuration's check on the loopback only.
      execute: [client.enableNonRepudiationChecks, ...(local ? [client.allowInsecureRequests] : [])],
    });
    return known;
  }

  return {
    label: settings.label,

    async begin(redirect, suite) {
      const kept: Kept = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        suite,
      };
      try {
        const url = client.buildAuthorizationUrl(await discover(), {
          redirect_uri: redirect,
          scope: settings.scope,
          state: kept.state,
          nonce: kept.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(kept.verifier),
          code_challenge_method: "S256",
          ...(settings.acrValues && { acr_values: settings.acrValues }),
        });
        // What a provider says of itself may have been changed: nobody is sent to anything but its pages.
        if (url.protocol !== "https:" && !(local && url.protocol === "http:"))
          return { outcome: "unreachable", because: "its sign-in page is not at an https address" };
        return { outcome: "ready", url: url.href, kept: sealed.seal(PURPOSE, kept).toString("base64url") };
      } catch (error) {
        return { outcome: "unreachable", because: reasonOf(error) };
      }
    },

    async finish(url, text) {
      const kept = sealed.open(PURPOSE, Buffer.from(text, "base64url"), LIFETIME)?.value as Kept | undefined;
      if (kept === undefined) return { outcome: "refused", because: "no sign-in was begun in this browser" };
      try {
        const configuration = known ?? (await discover());
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: kept.verifier,
          expectedState: kept.state,
          expectedNonce: kept.nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) return { outcome: "refused", because: "no ID token" };
        // Asked for is not given: a provider may have let the person in by less.
        const { acr } = claims;
        if (settings.acrValues && !settings.acrValues.split(/\s+/).includes(String(acr)))
          return { outcome: "refused", because: "the sign-in is not as strong as acr_values asks" };
        const said =
          settings.claim in claims || configuration.serverMetadata().userinfo_endpoint === undefined
            ? claims
            : { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)) };
        const value = said[settings.claim];
        if (typeof value !== "string" || value === "")
          return { outcome: "refused", because: `no claim ${settings.claim}` };
        if (settings.claim === "email" && said.email_verified === false)
          return { outcome: "refused", because: "the e-mail is not verified" };
        return { outcome: "proven", value, suite: kept.suite };
      } catch (error) {
        return { outcome: isAnswer(error) ? "refused" : "unreachable", because: reasonOf(error) };
      }
    },
  };
}

/** Whether the provider, or the check of what it said, is what refused; else it was not reached. */
function isAnswer(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError || error instanceof client.AuthorizationResponseError)
    return !("status" in error && typeof error.status === "number" && error.status >= 500);
  return error instanceof client.ClientError && error.code !== "OAUTH_TIMEOUT" && !isNetwork(error.cause);
}

function isNetwork(cause: unknown): boolean {
  return cause instanceof TypeError && /fetch failed/.test(cause.message);
}

// Codes only: a message may carry what the provider, or whoever stands in for it, wrote.
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : messageOf(error).slice(0, 200);
}
