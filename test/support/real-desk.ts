import type { Desk } from "../../agent/stages/desk/desk.ts";
import { openDesk } from "../../agent/stages/desk/open-desk.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import type { Store } from "../../agent/store/store.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { SYSTEMS } from "./pipeline.ts";
import { testSetup } from "./test-setup.ts";

/** The desk as it is, for pages whose acts must be seen in the record. */
export async function realDesk({ store, clock }: { store: Store; clock: { now(): number } }): Promise<Desk> {
  const setup = testSetup(SYSTEMS, clock, { regimes: loadRegimes(["sante-2022", "rgpd-33"]) });
  const pipeline = await openPipeline({ store, setup, clock });
  return openDesk({ store, pipeline, setup, clock, decided: () => undefined, planned: () => undefined });
}
