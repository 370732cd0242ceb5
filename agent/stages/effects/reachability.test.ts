import { afterEach, expect, it } from "vitest";
import type { Reachability } from "../../../connectors/contract.ts";
import { openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { OpenOutbound } from "../transmit.ts";
import { openReachability } from "./reachability.ts";

let stages: Stages;
afterEach(() => stages?.close());

const ABOVE = { reachable: true, because: "le portail répond" };
const BELOW = { reachable: false, because: "connexion refusée" };

async function lookedAt(answers: (Reachability | Error)[]) {
  stages = await openStages();
  const { store, clock } = stages;
  const probe = async () => {
    const answer = answers.shift() ?? ABOVE;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const way: OpenOutbound = {
    repeatable: false,
    send: async () => ({ outcome: "refused", because: "" }),
    probe,
  };
  const silent: OpenOutbound = { repeatable: false, send: way.send };
  const outbounds = new Map([
    ["portail", way],
    ["telephone", silent],
  ]);
  const { signal } = new AbortController();
  const reach = openReachability({ store, facility: "ch-exemple", clock, outbounds, signal });
  const noted = async () => {
    const entries = await store.reads.journal("ch-exemple", 1, 1000);
    return entries
      .filter(({ type }) => type === "note.way_out_reach")
      .map(({ content }) => (JSON.parse(content ?? "{}") as { reachable: boolean }).reachable);
  };
  return { reach, noted };
}

it("says since when a way cannot be reached, and notes each change once", async () => {
  const { reach, noted } = await lookedAt([ABOVE, BELOW, new Error("nom introuvable"), ABOVE]);
  expect(reach.of("portail")).toBeNull();
  await reach.look();
  const first = stages.clock.now();
  expect(reach.of("portail")).toEqual({ ...ABOVE, looked: first, since: first });
  stages.clock.pass(5);
  const lost = stages.clock.now();
  await reach.look();
  stages.clock.pass(5);
  await reach.look();
  expect(reach.of("portail")).toMatchObject({ reachable: false, because: "nom introuvable", since: lost });
  stages.clock.pass(5);
  await reach.look();
  expect(reach.of("portail")).toMatchObject({ reachable: true, since: stages.clock.now() });
  expect(await noted()).toEqual([false, true]);
});

it("says nothing of a way that cannot be looked at", async () => {
  const { reach, noted } = await lookedAt([]);
  await reach.look();
  expect(reach.of("telephone")).toBeNull();
  expect(await noted()).toEqual([]);
});
