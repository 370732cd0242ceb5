import type { Account } from "../../agent/core/person.ts";
import { openDesk } from "../../agent/stages/desk/open-desk.ts";
import type { SweepEvents } from "../../agent/stages/effects/courier.ts";
import { openSweeper, type Sweeper } from "../../agent/stages/effects/sweep.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import type { OpenOutbound } from "../../agent/stages/transmit.ts";
import type { WayOut } from "../../agent/stages/work.ts";
import type { Store } from "../../agent/store/store.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { NIGHT } from "./incident.ts";
import { SYSTEMS } from "./pipeline.ts";
import { testSetup } from "./test-setup.ts";

const PROOF = { channel: "web", second_factor: "totp" } as const;
const CLAIRE: Account = {
  id: "acc-claire",
  login: "claire",
  name: "Dr claire",
  role: "delegate",
  function: "",
  email: "",
  phone: "01 23 45 67 89",
  active: true,
  created: NIGHT,
};

/** The desk and the sweeper over a record, as one process has them. */
export async function filingDesk(parts: {
  store: Store;
  clock: { now(): number };
  ways: readonly WayOut[];
  carriers: ReadonlyMap<string, OpenOutbound>;
  /** Name of the process. */
  owner?: string;
  events?: SweepEvents;
}) {
  const { store, clock, ways, carriers, owner = "one" } = parts;
  const over = { mode: "live" as const, outbound: [...ways], regimes: loadRegimes(["sante-2022"]) };
  const setup = testSetup(SYSTEMS, clock, over);
  if ((await store.reads.record("chv", "account", CLAIRE.id)) === undefined) {
    const account = { kind: "account", id: CLAIRE.id, state: CLAIRE.role, content: CLAIRE } as const;
    const write = { write: "record", revision: 1, incident: null, ...account } as const;
    await store.commit({ facility: "chv", at: clock.now(), writes: [write] });
  }
  const pipeline = await openPipeline({ store, setup, clock });
  const desk = openDesk({
    store,
    pipeline,
    setup,
    clock,
    decided: () => undefined,
    planned: () => undefined,
  });
  const sweeper: Sweeper = openSweeper({
    ...{ store, pipeline, setup, clock, owner },
    channels: new Map(),
    outbounds: carriers,
    print: async ({ version }) => Buffer.from(`%PDF-1.7 version ${version}`),
    page: (path) => `https://tocsin.example/${path}`,
    random: () => 0.5,
    signal: new AbortController().signal,
    ...(parts.events && { events: parts.events }),
  });
  return { desk, sweeper, setup, pipeline };
}
export type FilingDesk = Awaited<ReturnType<typeof filingDesk>>;

/** An incident stated by hand, whose text the delegate approved: nothing of it was sent yet. */
export async function approvedIncident({ desk }: Pick<FilingDesk, "desk">): Promise<string> {
  const stated = {
    kinds: ["degraded_mode" as const, "malicious_action_suspected" as const],
    systems: ["pacs"],
  };
  const source = { who: "care" as const, name: "Mme Roux" };
  const opened = await desk.openByHand(
    { form: desk.newForm(), ...stated, source, text: "Chiffrement, service sur papier." },
    CLAIRE,
  );
  if (opened.outcome !== "opened") throw new Error(opened.because);
  const { incident } = opened;
  await desk.takeUp(incident, CLAIRE);
  const { id, version, sha256 } = (await desk.dossier(incident))?.current?.declaration ?? {
    ...{ id: "", version: 0, sha256: "" },
  };
  const done = await desk.approve({ incident, declaration: id, version, sha256 }, PROOF, CLAIRE);
  if (done.outcome !== "approved") throw new Error("because" in done ? done.because : done.outcome);
  return incident;
}
