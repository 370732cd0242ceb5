import type { AttemptContext, Reveal } from "../../contract.ts";
import { type Answer, callOut, type OutgoingCall } from "../../shared/egress/call-out.ts";
import { networksOf } from "../../shared/egress/may-reach.ts";
import { type EgressPolicy, proxyOf } from "../../shared/egress/policy.ts";
import { openAuthenticator } from "./authenticate.ts";
import type { PortalHttpConfig } from "./settings.ts";

/** What one call to the receiver came to; `unshown` when we could not show who we are, and so nothing was sent. */
export type Exchange = Answer | { unshown: { outcome: "refused" | "unreachable"; because: string } };

/** Opens the way to the receiver: the hosts of the settings and no other, who we are shown anew once after a 401. */
export function openExchange(config: PortalHttpConfig, reveal: Reveal) {
  const { tls, timeouts, answer_bytes, authentication } = config;
  const places = [
    config.url,
    ...(config.status === undefined ? [] : [config.status.url.replace(/[{}]/g, "")]),
    ...(authentication.by === "oauth2" ? [authentication.token_url] : []),
  ];
  const policy: EgressPolicy = {
    origins: new Set(places.map((place) => new URL(place).origin)),
    networks: networksOf(config.private_networks),
  };
  const common = {
    proxy: proxyOf(config.proxy, reveal),
    tls: {
      authority: tls.authority && reveal("tls.authority"),
      certificate: tls.certificate && reveal("tls.certificate"),
      key: tls.key && reveal("tls.key"),
    },
    limits: {
      connectSeconds: timeouts.connect_seconds,
      answerSeconds: timeouts.answer_seconds,
      answerBytes: answer_bytes,
    },
  };
  const authenticator = openAuthenticator(config, reveal, (call) => callOut({ ...common, ...call }, policy));

  async function exchange(
    call: Pick<OutgoingCall, "method" | "url" | "headers" | "body">,
    { now, signal }: AttemptContext,
    renew = false,
  ): Promise<Exchange> {
    const shown = await authenticator.show({ now, signal, renew });
    if (shown.failed !== undefined) return { unshown: shown.failed };
    const headers = { accept: "application/json", ...config.headers, ...call.headers, ...shown.headers };
    const answer = await callOut({ ...common, ...call, headers, signal }, policy);
    const stale = answer.failed === undefined && answer.status === 401 && authenticator.renewable && !renew;
    return stale ? exchange(call, { now, signal }, true) : answer;
  }
  return { exchange, conceal: authenticator.conceal };
}
