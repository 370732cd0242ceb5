import { afterEach, expect, it } from "vitest";
import type { Attempt } from "../../../connectors/contract.ts";
import { approve } from "../../../test/support/approved-text.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { WayOut } from "../work.ts";

const DAY = 24 * 60;
const GATEWAY: WayOut = { id: "concentrateur", reach: "authority" };
const PORTAL: WayOut = { id: "portail", reach: "assisted" };
const MAIL: WayOut = { id: "ars", reach: "authority", fallback: true };
const unreachable: Attempt = { outcome: "unreachable", because: "connexion refusée" };

let stages: Stages;
afterEach(() => stages?.close());

async function opened(ways: readonly WayOut[]): Promise<string> {
  stages = await openStages({ mode: "live", repeatable: false, ways });
  await stages.take(DELETED, NOTE);
  while ((await stages.sweeper.sweep()) > 0);
  return (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
}
const deliveries = async (incident: string) => (await stages.desk.dossier(incident))?.deliveries ?? [];

it("a retry that a clock a day ahead planned is made once the clock is right, and once only", async () => {
  const incident = await opened([GATEWAY]);
  await approve(stages, incident);
  const begun = stages.clock.now();
  stages.clock.pass(DAY);
  stages.answers.push(...Array.from({ length: 20 }, () => unreachable));
  await stages.sweeper.sweep();
  const tried = stages.filings.length;
  expect(tried).toBe(1);
  stages.answers.splice(0);
  stages.clock.set(begun + MICROSECONDS.minute);
  await stages.sweeper.sweep();
  stages.clock.pass(DAY);
  await stages.sweeper.sweep();
  expect(stages.filings).toHaveLength(2);
  const [delivery] = await deliveries(incident);
  expect(delivery).toMatchObject({ state: "delivered", settled: begun + MICROSECONDS.minute });
  expect(delivery?.attempts.map(({ at }) => at)).toEqual([
    begun + MICROSECONDS.day,
    begun + MICROSECONDS.minute,
  ]);
});

it("what was approved by a clock a day ahead leaves at the next start with a right one", async () => {
  const incident = await opened([GATEWAY]);
  const right = stages.clock.now();
  stages.clock.pass(DAY);
  await approve(stages, incident);
  stages.clock.set(right);
  const again = await stages.restart();
  await again.sweeper.sweep();
  expect(again.filings).toHaveLength(1);
  expect((await again.desk.dossier(incident))?.deliveries[0]?.state).toBe("delivered");
});

it("nothing that waits for its time starts early because the clock went back", async () => {
  const incident = await opened([GATEWAY]);
  await approve(stages, incident);
  stages.answers.push(unreachable);
  await stages.sweeper.sweep();
  stages.clock.pass(-DAY);
  await stages.sweeper.sweep();
  const planned = (await stages.store.reads.effectsIn("ch-exemple", ["planned"], 100)).filter(
    ({ kind }) => kind === "clock",
  );
  const before = planned.map(({ key, due }) => [key, due]);
  for (let i = 0; i < 3; i++) await stages.sweeper.sweep();
  const after = await stages.store.reads.effectsIn("ch-exemple", ["planned"], 100);
  expect(after.filter(({ kind }) => kind === "clock").map(({ key, due }) => [key, due])).toEqual(before);
});

it("what nobody answered is not sent again by any jump", async () => {
  const incident = await opened([GATEWAY]);
  await approve(stages, incident);
  stages.answers.push({ outcome: "uncertain", because: "pas de réponse" });
  await stages.sweeper.sweep();
  for (const minutes of [DAY, -DAY, -DAY, 2 * DAY]) {
    stages.clock.pass(minutes);
    await stages.sweeper.sweep();
  }
  expect(stages.filings).toHaveLength(1);
  expect((await deliveries(incident))[0]?.state).toBe("uncertain");
});

it("a decision dated tomorrow by a wrong clock keeps nobody from noting what was done since", async () => {
  const incident = await opened([PORTAL, MAIL]);
  const right = stages.clock.now();
  stages.clock.pass(DAY);
  await approve(stages, incident);
  stages.clock.set(right + 10 * MICROSECONDS.minute);
  const tried = "Deux essais depuis deux réseaux : la page ne répond pas.";
  const said = { incident, since: right, tried };
  expect((await stages.desk.recordImpossibility(said, stages.delegate)).outcome).toBe("noted");
  const mail = { incident, channel: "ars" };
  expect((await stages.desk.startDelivery(mail, stages.delegate)).outcome).toBe("started");
  const [portal] = await deliveries(incident);
  const filing = {
    incident,
    delivery: portal?.id ?? "",
    reference: "SIG-1",
    at: right + 5 * MICROSECONDS.minute,
  };
  expect(await stages.desk.recordFiling(filing, stages.delegate)).toMatchObject({
    delivery: { settled: right + 5 * MICROSECONDS.minute },
  });
});
