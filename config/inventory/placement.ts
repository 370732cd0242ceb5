import { z } from "zod";
import { AssetId, NamePattern, Network } from "../../agent/core/asset.ts";

const Words = z.array(NamePattern).min(1).optional();

/** Which of the imported machines belong to a system: those that satisfy every key that is given, by any of its values. */
export const PlacementRule = z
  .strictObject({
    system: AssetId,
    /** Names of machines; `*` stands for any run of characters, and case does not count. */
    names: Words,
    /** Groups, roles or clusters that the inventory puts them in; `*` as above. */
    groups: Words,
    /** Where the inventory says they stand; `*` as above. */
    locations: Words,
    cidrs: z.array(Network).min(1).optional(),
  })
  .refine(({ names, groups, locations, cidrs }) => names ?? groups ?? locations ?? cidrs, {
    error: "give names, groups, locations or cidrs: a rule without any would take every machine",
  });
export type PlacementRule = z.infer<typeof PlacementRule>;
