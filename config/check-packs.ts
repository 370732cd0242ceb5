import type { Tell } from "./check-surroundings.ts";
import type { Config } from "./schema.ts";

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
