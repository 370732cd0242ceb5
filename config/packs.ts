import { z } from "zod";
import { readPublicKey } from "../rules/regimes/sign-pack.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Config } from "./schema.ts";
import { Id } from "./source.ts";

/** Law packs that did not come with the program. */
export const PackSettings = z
  .strictObject({
    /** Holds one folder a pack; it need not exist. (Default: `law-packs` beside this file.) */
    folder: z.string().min(1).default("law-packs"),
    /** Whose packs are taken: a name, and the Ed25519 public key that `packs sign` prints. */
    signers: z
      .array(
        z.strictObject({
          id: Id,
          key: z.string().refine((key) => readPublicKey(key) !== undefined, {
            error: "no Ed25519 public key; copy the line that packs sign prints (MCowBQYDK2VwAyEA…)",
          }),
        }),
      )
      .default([]),
    /** `allow` takes packs that nobody signed, in exercise and observe only. (Default: refuse.) */
    unsigned: z.enum(["refuse", "allow"]).default("refuse"),
  })
  .prefault({});

/** Checks what of the packs' settings does not go with the rest. */
export function checkPacks({ packs, mode }: Pick<Config, "packs" | "mode">, tell: Tell): void {
  if (packs.unsigned === "allow" && mode === "live")
    tell(
      ["packs", "unsigned"],
      "unsigned_in_live",
      "a law that nobody vouches for would decide what is declared",
      "remove it, and install signed packs; allow is for exercise and observe",
    );
}
