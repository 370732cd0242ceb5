import type { System } from "../../agent/core/asset.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openMutes } from "../../agent/stages/mute/mutes.ts";
import { openOutages } from "../../agent/stages/mute/outages.ts";
import type { Setup } from "../../agent/stages/work.ts";
import { MASKS } from "./masks.ts";

/** What the desk of the pages' facility works with: an exercise, no law, nobody to tell, but for what is given. */
export function testSetup(
  systems: readonly System[],
  clock: { now(): number },
  over: Partial<Setup> = {},
): Setup {
  return {
    facility: {
      id: "chv",
      name: "Centre hospitalier du Val",
      kind: "etablissement_de_sante",
      address: "",
      ars: "",
      time_zone: "Europe/Paris",
    },
    mode: "exercise",
    systems: new Map(systems.map((system) => [system.id, system])),
    locate: locator(systems),
    regimes: [],
    notify: [],
    outbound: [],
    newId: uuidv7(clock),
    masks: MASKS,
    mutes: openMutes(systems),
    outages: openOutages(systems),
    ...over,
  };
}
