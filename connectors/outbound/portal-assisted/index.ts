import { z } from "zod";
import type { Outbound } from "../../contract.ts";

const PortalAssistedConfig = z.strictObject({});
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
  repeatable: false,
  open() {
    return {
      async send() {
        return { outcome: "refused", because: "Le dépôt sur le portail est fait par une personne." } as const;
      },
    };
  },
} satisfies Outbound<PortalAssistedConfig>;
