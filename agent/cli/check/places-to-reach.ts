import { readFileSync } from "node:fs";
import { z } from "zod";
import type { LoadedConfig } from "../../../config/load.ts";
import type { Reveal } from "../../../connectors/contract.ts";
import { callOut } from "../../../connectors/shared/egress/call-out.ts";
import type { CallTls } from "../../../connectors/shared/egress/guarded-agent.ts";
import {
  ANYWHERE,
  type OutgoingProxy,
  ProxySettings,
  proxyOf,
} from "../../../connectors/shared/egress/policy.ts";
import { RELAY } from "../../../connectors/shared/mail/relay.ts";
import { probeRelay } from "../../../connectors/shared/mail/send-mail.ts";
import { sayStatus } from "../../../connectors/shared/say-status.ts";
import { OUTBOUNDS } from "../../../connectors/ways-out.ts";
import type { Instant } from "../../core/clock.ts";
import { authorizationOf, openOutbounds } from "../../setup.ts";
import type { Looked } from "./finding.ts";
import { lookAtTimestamps } from "./look-at-timestamps.ts";

type Context = { now: Instant; signal: AbortSignal };

/** A place of the configuration that the daemon will have to reach, and how it is looked whether it can. */
export interface Reaching {
  /** Its part of the configuration. */
  where: string;
  look(context: Context): Promise<Looked>;
}

const Relay = z.object(RELAY);

/** Every place that a configuration sends to or asks; none is sent anything of ours. */
export function placesToReach(loaded: LoadedConfig): Reaching[] {
  return [
    ...channels(loaded),
    ...waysOut(loaded),
    ...indices(loaded),
    ...provider(loaded),
    ...anchors(loaded),
  ];
}

function channels({ config, secrets }: LoadedConfig): Reaching[] {
  return config.notify.flatMap(({ settings, connector }, i): Reaching[] => {
    const where = `notify.${i}`;
    const reveal: Reveal = (setting) => secrets.get(`${where}.settings.${setting}`)?.reveal() ?? "";
    if (connector === "email") {
      const { username, ...relay } = Relay.parse(settings);
      const login = username === undefined ? undefined : { username, password: reveal("password") };
      return [
        {
          where,
          async look({ signal }) {
            const { reachable, because } = await probeRelay({ ...relay, login }, signal);
            return reachable ? NOTHING : unreachable(where, because);
          },
        },
      ];
    }
    const url = typeof settings.url === "string" ? settings.url : reveal("url");
    if (!URL.canParse(url)) return [];
    const proxy = ProxySettings.safeParse(settings.proxy);
    const authority = reveal("authority");
    const call = {
      url: new URL(url).origin,
      proxy: proxy.success ? proxyOf(proxy.data, reveal) : undefined,
      tls: authority === "" ? undefined : { authority },
    };
    // What is not the API itself may well be refused: that somebody answers is all that is asked.
    return [{ where, look: (context) => ask(where, call, { context, refused: () => undefined }) }];
  });
}

/** Those that can be looked at; outside of `live` no authority is even looked at. */
function waysOut(loaded: LoadedConfig): Reaching[] {
  const opened = openOutbounds(loaded);
  return loaded.config.outbound.flatMap(({ id, connector: name }, i): Reaching[] => {
    const connector = OUTBOUNDS.find((each) => each.name === name);
    const probe = opened.get(id)?.probe;
    if (probe === undefined || (loaded.config.mode !== "live" && connector?.reach !== "exercise")) return [];
    const where = `outbound.${i}`;
    return [
      {
        where,
        async look(context) {
          const { reachable, because } = await probe(context);
          return reachable ? NOTHING : unreachable(where, because);
        },
      },
    ];
  });
}

function indices({ config, secrets }: LoadedConfig): Reaching[] {
  return config.sources.flatMap(({ poll }, i): Reaching[] => {
    if (poll === undefined) return [];
    const where = `sources.${i}.poll`;
    const authorization = authorizationOf(poll, (name) => secrets.get(`${where}.${name}`)?.reveal() ?? "");
    const { authority, certificate, key, server_name } = poll.tls ?? {};
    if (server_name !== undefined)
      return [{ where, look: async () => ({ findings: [], unknown: "it goes by server_name" }) }];
    const tls: CallTls = { authority: text(authority), certificate: text(certificate), key: text(key) };
    const headers = authorization === undefined ? {} : { authorization };
    const refused = (status: number) =>
      status === 401 || status === 403 ? "it does not take what it is shown to let us in" : undefined;
    return [{ where, look: (context) => ask(where, { url: poll.url, tls, headers }, { context, refused }) }];
  });
}

function provider({ config }: LoadedConfig): Reaching[] {
  const { oidc } = config.people;
  if (oidc === undefined) return [];
  const where = "people.oidc";
  // OpenID Connect Discovery 1.0, section 4.
  const url = `${oidc.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const refused = (status: number) => (status === 200 ? undefined : "it publishes no configuration there");
  return [{ where, look: (context) => ask(where, { url }, { context, refused, method: "GET" }) }];
}

/** The third parties that are given the journal's heads; of the time, a stamp of a random number is asked for. */
function anchors({ config, secrets }: LoadedConfig): Reaching[] {
  const { webhook, mail, timestamp } = config.anchors ?? {};
  const places: Reaching[] = [];
  if (webhook !== undefined) {
    const where = "anchors.webhook";
    const call = { url: new URL(webhook.url).origin };
    places.push({ where, look: (context) => ask(where, call, { context, refused: () => undefined }) });
  }
  if (mail !== undefined) {
    const where = "anchors.mail";
    const { username, ...relay } = Relay.parse(mail);
    const password = secrets.get(`${where}.password`)?.reveal() ?? "";
    const login = username === undefined ? undefined : { username, password };
    places.push({
      where,
      async look({ signal }) {
        const { reachable, because } = await probeRelay({ ...relay, login }, signal);
        return reachable ? NOTHING : unreachable(where, because);
      },
    });
  }
  if (timestamp !== undefined)
    places.push({ where: "anchors.timestamp", look: (context) => lookAtTimestamps(timestamp, context) });
  return places;
}

const NOTHING: Looked = { findings: [] };
const SECONDS = 4;

/** One call that asks for nothing: connection, TLS and an answer of HTTP, with the time of who answered. */
async function ask(
  where: string,
  call: {
    url: string;
    tls?: CallTls | undefined;
    proxy?: OutgoingProxy | undefined;
    headers?: Record<string, string>;
  },
  {
    context,
    refused,
    method = "HEAD",
  }: { context: Context; refused: (status: number) => string | undefined; method?: "HEAD" | "GET" },
): Promise<Looked> {
  const limits = { connectSeconds: SECONDS, answerSeconds: SECONDS, answerBytes: 256 * 1024 };
  const began = performance.now();
  const answer = await callOut({ headers: {}, ...call, method, limits, signal: context.signal }, ANYWHERE);
  if (answer.failed !== undefined) return unreachable(where, answer.failed.because);
  const wrong = refused(answer.status) ?? (answer.status >= 500 ? "it is out of order" : undefined);
  const { date } = answer.headers;
  const told = typeof date === "string" ? Date.parse(date) : Number.NaN;
  // Halfway of the exchange by our clock; theirs has whole seconds.
  const ours = context.now / 1000 + (performance.now() - began) / 2;
  const ahead = Number.isFinite(told) ? { ahead: ours - told - 500 } : {};
  if (wrong === undefined) return { findings: [], ...ahead };
  const { host } = new URL(call.url);
  return { ...unreachable(where, `${host} ${sayStatus(answer.status)}: ${wrong}`), ...ahead };
}

function unreachable(where: string, because: string): Looked {
  const remedy = "correct it, or see what is between; `check --offline` leaves this out";
  return { findings: [{ level: "problem", code: "not_reachable", where, message: because, remedy }] };
}

/** A file that the configuration was checked to name; undefined for none. */
const text = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, "utf8"));
