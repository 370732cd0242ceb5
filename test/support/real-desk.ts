import type { Desk } from "../../agent/stages/desk/desk.ts";
import { openDesk } from "../../agent/stages/desk/open-desk.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import type { WayOut } from "../../agent/stages/work.ts";
import type { Store } from "../../agent/store/store.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { SYSTEMS } from "./pipeline.ts";
import { testSetup } from "./test-setup.ts";

/** The desk as it is, for pages whose acts must be seen in the record. */
export async function realDesk({
  store,
  clock,
  ways = [],
}: {
  store: Store;
  clock: { now(): number };
  ways?: WayOut[];
}): Promise<Desk> {
  const regimes = loadRegimes(["sante-2022", "rgpd-33"]);
  const setup = testSetup(SYSTEMS, clock, { regimes, outbound: ways });
  const pipeline = await openPipeline({ store, setup, clock });
  return openDesk({ store, pipeline, setup, clock, decided: () => undefined, planned: () => undefined });
}
