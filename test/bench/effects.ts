import { storeClient } from "../../agent/store/client.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { startStoreThread } from "../../agent/store/thread.ts";
import { PROOF } from "../support/night.ts";
import { openStages, type Stages } from "../support/pipeline.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

/** Incidents, each with a declaration that leaves, two calls and a reminder. */
const INCIDENTS = { full: 2_500, tiny: 10 };
const AT_ONCE = 20;
const WEEK = 7 * 24 * 60;
/** ms for all that waited. */
const GOAL = 5_000;
const WAY = "concentrateur";

/** What a week's stop held up, carried out: the store in its own thread, a receiver that answers at once. */
export async function benchEffects({ tiny }: BenchOptions): Promise<Measure[]> {
  const incidents = tiny ? INCIDENTS.tiny : INCIDENTS.full;
  const filed = new Set<string>();
  const send = async ({ key }: { key: string }) => {
    filed.add(key);
    return { outcome: "delivered", because: "HTTP 201", reference: `R-${filed.size}` } as const;
  };
  let stopThread = async () => {};
  const stages = await openStages({
    mode: "live",
    ways: [{ id: WAY, reach: "authority" }],
    carriers: new Map([[WAY, { repeatable: true, send }]]),
    async store(place) {
      const thread = await startStoreThread({
        record: { engine: "sqlite", file: place.file },
        keyFile: place.keyFile,
      });
      stopThread = thread.stop;
      return storeClient(thread.connect(), openSqliteReads(place.file));
    },
  });
  try {
    for (let i = 0; i < incidents; i += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, incidents - i) }, (_, k) => decide(stages, i + k)),
      );
    stages.clock.pass(WEEK);
    const planned = await stages.store.reads.effectsIn(stages.setup.facility.id, ["planned"], 10 * incidents);
    const begin = performance.now();
    while ((await stages.sweeper.sweep()) > 0);
    const took = performance.now() - begin;
    if (filed.size !== incidents) throw new Error(`${filed.size} of ${incidents} were filed`);
    return [
      {
        what: `${planned.length} effects that a week held up, ${stages.messages.length} messages`,
        own: { value: took },
        goal: tiny ? undefined : GOAL,
        against: "",
        peer: undefined,
      },
    ];
  } finally {
    await stages.close();
    await stopThread();
  }
}

/** An incident stated by hand, whose text is approved at once. */
async function decide({ desk, setup, delegate }: Stages, number: number): Promise<void> {
  const text = `Service ${number} sur papier.`;
  const statement = { form: setup.newId(), kinds: ["degraded_mode" as const], systems: ["pacs"], text };
  const opened = await desk.openByHand({ ...statement, source: { who: "care", name: "Mme Roux" } }, delegate);
  const incident = opened.outcome === "opened" ? opened.incident : "";
  const current = (await desk.dossier(incident))?.current?.declaration;
  if (current === undefined) throw new Error("no text to approve");
  const { id, version, sha256 } = current;
  await desk.approve({ incident, declaration: id, version, sha256 }, PROOF, delegate);
}
