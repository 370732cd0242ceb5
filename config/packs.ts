import { z } from "zod";
import { readPublicKey } from "../agent/core/public-key.ts";
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
