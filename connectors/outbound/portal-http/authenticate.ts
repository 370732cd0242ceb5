import { type Instant, MICROSECONDS } from "../../../agent/core/clock.ts";
import type { Reveal } from "../../contract.ts";
import { type Answer, isForbidden, type OutgoingCall } from "../../shared/egress/call-out.ts";
import { at, isObject } from "../../shared/json.ts";
import { sayStatus } from "../../shared/say-status.ts";
import { jsonOf, portalText } from "./read-answer.ts";
import type { PortalHttpConfig } from "./settings.ts";

/** What shows a receiver who we are; `failed` when nothing can be shown, and so nothing was sent. */
export type Shown =
  | { headers: Readonly<Record<string, string>>; failed?: undefined }
  | { failed: { outcome: "refused" | "unreachable"; because: string } };

export interface Authenticator {
  /** True when another try may show something new. */
  renewable: boolean;
  /** `renew` leaves aside what was shown before. */
  show(parts: { now: Instant; signal: AbortSignal; renew: boolean }): Promise<Shown>;
  /** A text of others without what we keep secret. */
  conceal(text: string): string;
}

/** Makes a call to the token server, with its certificates and limits. */
type CallTokenServer = (
  call: Pick<OutgoingCall, "method" | "url" | "headers" | "body" | "signal">,
) => Promise<Answer>;

/** A token is never used in its last minute, nor in the last tenth of its life. */
const LAST = { seconds: 60, share: 0.1 };
const LONGEST_LIFE = 24 * 3600;
const HEADER_VALUE = /^[\x21-\x7e]{1,16384}$/;

/** Opens the way in which a receiver is shown who we are. */
export function openAuthenticator(
  { authentication }: PortalHttpConfig,
  reveal: Reveal,
  call: CallTokenServer,
): Authenticator {
  switch (authentication.by) {
    case "mtls":
      return { renewable: false, show: async () => ({ headers: {} }), conceal: (text) => text };
    case "api_key":
      return fixed(reveal("authentication.key"), (key) => ({ [authentication.header.toLowerCase()]: key }));
    case "bearer":
      return fixed(reveal("authentication.token"), bearer);
    case "oauth2":
      return oauth2(
        authentication,
        authentication.client_secret === undefined ? "" : reveal("authentication.client_secret"),
        call,
      );
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

function fixed(secret: string, headers: (secret: string) => Record<string, string>): Authenticator {
  const shown: Shown = HEADER_VALUE.test(secret)
    ? { headers: headers(secret) }
    : {
        failed: {
          outcome: "refused",
          because: "Le secret d'accès a des caractères qui ne peuvent pas être envoyés.",
        },
      };
  return { renewable: false, show: async () => shown, conceal: (text) => without(text, [secret]) };
}

/** Client credentials (RFC 6749 §4.4): a token is asked for when needed and kept until shortly before its end. */
function oauth2(
  settings: Extract<PortalHttpConfig["authentication"], { by: "oauth2" }>,
  secret: string,
  call: CallTokenServer,
): Authenticator {
  let kept: { token: string; from: Instant; until: Instant } | undefined;
  const host = new URL(settings.token_url).host;
  const request = tokenRequest(settings, secret);
  return {
    renewable: true,
    async show({ now, signal, renew }) {
      if (renew) kept = undefined;
      // A clock that went back says nothing of a token's age.
      if (kept !== undefined && kept.from <= now && now < kept.until) return { headers: bearer(kept.token) };
      const asked = readToken(await call({ ...request, signal }), host, (text) => without(text, [secret]));
      if ("failed" in asked) return asked;
      kept = { token: asked.token, from: now, until: now + asked.seconds * MICROSECONDS.second };
      return { headers: bearer(asked.token) };
    },
    conceal: (text) => without(text, [secret, kept?.token ?? ""]),
  };
}

function tokenRequest(
  { token_url, client_id, scope, audience, client_authentication }: Parameters<typeof oauth2>[0],
  secret: string,
): Pick<OutgoingCall, "method" | "url" | "headers" | "body"> {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scope !== undefined) form.set("scope", scope);
  if (audience !== undefined) form.set("audience", audience);
  const headers: Record<string, string> = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
  };
  if (client_authentication !== "basic") {
    form.set("client_id", client_id);
    // By our certificate, there is no secret to show (RFC 8705 §2).
    if (client_authentication === "post") form.set("client_secret", secret);
  } else {
    // Each half is form-encoded before both are joined (RFC 6749 §2.3.1).
    const half = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);
    const joined = `${half(client_id)}:${half(secret)}`;
    headers.authorization = `Basic ${Buffer.from(joined).toString("base64")}`;
  }
  return { method: "POST", url: token_url, headers, body: Buffer.from(form.toString(), "utf8") };
}

function readToken(
  answer: Answer,
  host: string,
  conceal: (text: string) => string,
): { token: string; seconds: number } | Extract<Shown, { failed: object }> {
  const fail = (outcome: "refused" | "unreachable", why: string) => ({
    failed: { outcome, because: `Rien n'est parti, l'accès n'a pas été obtenu : ${why}.` },
  });
  if (answer.failed !== undefined)
    return fail(isForbidden(answer.failed.code) ? "refused" : "unreachable", answer.failed.because);
  const { status } = answer;
  const json = jsonOf(answer);
  if (status >= 300 && status < 400) return fail("refused", `${host} ${sayStatus(status)}`);
  if (status === 400 || status === 401 || status === 403) {
    const said = conceal(portalText(answer, undefined));
    return fail("refused", `${host} refuse nos identifiants (réponse ${status})${said && ` : « ${said} »`}`);
  }
  if (status === 429 || status >= 500) return fail("unreachable", `${host} ${sayStatus(status)}`);
  if (status !== 200) return fail("unreachable", `${host} ne l'a pas donné (réponse ${status})`);
  const [token, type, life] = ["access_token", "token_type", "expires_in"].map((name) => at(json, name));
  if (!isObject(json) || typeof token !== "string" || !HEADER_VALUE.test(token))
    return fail("unreachable", `${host} répond sans donner d'accès utilisable (pas de jeton)`);
  if (type !== undefined && String(type).toLowerCase() !== "bearer")
    return fail("refused", `${host} donne un accès d'un type inconnu (jeton qui n'est pas Bearer)`);
  const whole = Math.min(Math.max(0, Number(life) || 0), LONGEST_LIFE);
  return { token, seconds: Math.max(0, whole - Math.max(LAST.seconds, whole * LAST.share)) };
}

function without(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length > 0)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}
