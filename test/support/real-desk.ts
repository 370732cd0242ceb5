import { uuidv7 } from "../../agent/core/id.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import { openDesk } from "../../agent/stages/desk/open-desk.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openMutes } from "../../agent/stages/mute/mutes.ts";
import { openOutages } from "../../agent/stages/mute/outages.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import type { Setup } from "../../agent/stages/work.ts";
import type { Store } from "../../agent/store/store.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { MASKS } from "./masks.ts";
import { SYSTEMS } from "./pipeline.ts";

/** The desk as it is, for pages whose acts must be seen in the record. */
export async function realDesk({ store, clock }: { store: Store; clock: { now(): number } }): Promise<Desk> {
  const setup: Setup = {
    facility: {
      id: "chv",
      name: "Centre hospitalier du Val",
      kind: "etablissement_de_sante",
      address: "",
      ars: "",
      time_zone: "Europe/Paris",
    },
    mode: "exercise",
    systems: new Map(SYSTEMS.map((system) => [system.id, system])),
    locate: locator(SYSTEMS),
    regimes: loadRegimes(["sante-2022", "rgpd-33"]),
    notify: [],
    outbound: [],
    newId: uuidv7(clock),
    masks: MASKS,
    mutes: openMutes(SYSTEMS),
    outages: openOutages(SYSTEMS),
  };
  const pipeline = await openPipeline({ store, setup, clock });
  return openDesk({ store, pipeline, setup, clock, decided: () => undefined, planned: () => undefined });
}
