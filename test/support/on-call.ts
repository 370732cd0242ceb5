import { System } from "../../agent/core/asset.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openMutes } from "../../agent/stages/mute/mutes.ts";
import { openOutages } from "../../agent/stages/mute/outages.ts";
import type { OpenChannel } from "../../agent/stages/notify.ts";
import { type OnCall, openOnCall } from "../../agent/stages/roster/open-on-call.ts";
import type { Setup, Work } from "../../agent/stages/work.ts";
import type { Store } from "../../agent/store/store.ts";
import { MASKS } from "./masks.ts";

/** What the pages about people on call ask, of a facility of tests. */
export function onCallOf(
  { store, clock }: { store: Store; clock: { now(): number } },
  over: Partial<Pick<Setup, "calls" | "notify">> & {
    channels?: ReadonlyMap<string, OpenChannel>;
    /** Incidents that touch systems. */
    works?: readonly Work[];
  } = {},
): OnCall {
  const { channels = new Map(), works = [], calls, notify = [] } = over;
  const systems = [System.parse({ id: "exchange", name: "Messagerie", kind: "mail" })];
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
    systems: new Map(systems.map((system) => [system.id, system])),
    locate: locator(systems),
    regimes: [],
    notify,
    calls,
    outbound: [],
    newId: uuidv7(clock),
    masks: MASKS,
    mutes: openMutes(systems),
    outages: openOutages(systems),
  };
  const known = new Map(works.map((work) => [work.incident.id, work]));
  const pipeline = { incidents: () => [...known.keys()], known: (id: string) => known.get(id) };
  return openOnCall({
    store,
    pipeline,
    setup,
    clock,
    channels,
    page: (path) => `https://tocsin.example/chv/${path}`,
  });
}

/** Nobody on call and no channel. */
export const noOneOnCall = (parts: { store: Store; clock: { now(): number } }): OnCall => onCallOf(parts);
