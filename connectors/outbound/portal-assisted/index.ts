import { BlockList } from "node:net";
import { z } from "zod";
import type { AttemptContext, Outbound, Reachability } from "../../contract.ts";
import { callOut } from "../../shared/egress/call-out.ts";
import { type OutgoingProxy, ProxySettings, proxyOf } from "../../shared/egress/policy.ts";
import { sayStatus } from "../../shared/say-status.ts";

/** The authorities' portal, as the order of 30 October 2017 names it. */
const PORTAL = "https://signalement.social-sante.gouv.fr";
const LIMITS = { connectSeconds: 5, answerSeconds: 8, answerBytes: 64 * 1024 } as const;

const PortalAssistedConfig = z.strictObject({
  /** Where a person files. (Default: the portal of the order of 30 October 2017.) */
  address: z.url({ protocol: /^https$/ }).default(PORTAL),
  /** True to look every five minutes whether the portal answers from here; nothing is sent to it. (Default: false.) */
  probe: z.boolean().default(false),
  /** By which the portal is looked at. (Default: none.) */
  proxy: ProxySettings.optional(),
});
type PortalAssistedConfig = z.infer<typeof PortalAssistedConfig>;

/**
 * The portal by hand: everything is prepared, a person files and records the portal's reference.
 * No published interface of the portal is known, so nothing is ever sent by the program.
 */
export const portalAssisted = {
  name: "portal-assisted",
  summary: "A person files on the portal with everything prepared, then records its reference",
  config: PortalAssistedConfig,
  reach: "assisted",
  kinds: ["declaration"],
  repeatable: false,
  guide: ({ address }) => ({
    to: "Portail de signalement",
    address,
    steps:
      address === PORTAL
        ? [
            "Vous êtes un professionnel de santé",
            "Cybersécurité / Incident de sécurité des systèmes d'information",
          ]
        : [],
    ...(address === PORTAL && { source: { text: "ARS Pays de la Loire", verified: "2026-11-15" } }),
  }),
  open(config, reveal) {
    const proxy = proxyOf(config.proxy, reveal);
    return {
      async send() {
        return { outcome: "refused", because: "Le dépôt sur le portail est fait par une personne." } as const;
      },
      ...(config.probe && { probe: (context: AttemptContext) => probe(config.address, proxy, context) }),
    };
  },
} satisfies Outbound<PortalAssistedConfig>;

/** An answer of any kind shows that the way is open: what the portal says to a machine is not asked. */
async function probe(
  url: string,
  proxy: OutgoingProxy | undefined,
  { signal }: AttemptContext,
): Promise<Reachability> {
  const policy = { origins: new Set([new URL(url).origin]), networks: new BlockList() };
  const answer = await callOut({ method: "HEAD", url, headers: {}, proxy, limits: LIMITS, signal }, policy);
  if (answer.failed !== undefined) return { reachable: false, because: `${answer.failed.because}.` };
  return answer.status >= 500
    ? { reachable: false, because: `Le portail ${sayStatus(answer.status)}.` }
    : { reachable: true, because: `Le portail répond (réponse ${answer.status}).` };
}
