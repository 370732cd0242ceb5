import { System } from "../../agent/core/asset.ts";
import type { OpenChannel } from "../../agent/stages/notify.ts";
import { type OnCall, openOnCall } from "../../agent/stages/roster/open-on-call.ts";
import type { Setup, Work } from "../../agent/stages/work.ts";
import type { Store } from "../../agent/store/store.ts";
import { testSetup } from "./test-setup.ts";

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
  const setup = testSetup(systems, clock, { notify, calls });
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
