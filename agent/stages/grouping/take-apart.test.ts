import { afterEach, expect, it } from "vitest";
import { FACILITY, HAPPENING, incidentsOf, numbered, REASON } from "../../../test/support/night.ts";
import { down, type Line, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { fc } from "../../../test/support/property.ts";
import { derive } from "./divide-work.ts";
import { arrivalsOf } from "./read-lightly.ts";

let stages: Stages;
afterEach(() => stages?.close());

const times = (count: number, line: (i: number) => Line): Line[] =>
  Array.from({ length: count }, (_, i) => line(i));

it("tells the same of detections read lightly as of detections read whole", async () => {
  stages = await openStages();
  await stages.take(...numbered(fc.sample(HAPPENING, { numRuns: 60, seed: 7 })));
  for (const incident of await incidentsOf(stages)) {
    const whole = await stages.store.reads.detectionsOf(FACILITY, incident.id, 1000);
    const light = (await arrivalsOf(stages.store.reads, FACILITY, [incident.id], 1000)) ?? [];
    const told = async (arrivals: typeof light) => {
      const { incident: made, facts } = await derive(
        { ...incident, alerts: 0, entities: [] },
        arrivals,
        stages.setup,
      );
      return { made, facts: facts.map(({ id: _, ...fact }) => fact) };
    };
    expect(await told(light)).toEqual(await told(whole));
  }
});

it("gives up reading an incident again only beyond its bound", async () => {
  stages = await openStages();
  await stages.take(...times(250, (i) => down("poste-1", i / 10)));
  const [incident] = await incidentsOf(stages);
  const read = (most: number) => arrivalsOf(stages.store.reads, FACILITY, [incident?.id ?? ""], most);
  expect(await read(250)).toHaveLength(250);
  expect(await read(249)).toBeUndefined();
});

it("splits and puts back together an incident of thousands of detections, as a person asks", {
  timeout: 60_000,
}, async () => {
  stages = await openStages();
  const both = { more: { user: "presta" } };
  await stages.take(...times(3_000, (i) => ({ ...down("poste-1", i / 100), ...both })));
  await stages.take(...times(3_000, (i) => ({ ...down("poste-2", i / 100), ...both })));
  const [incident] = await incidentsOf(stages);
  expect(await incidentsOf(stages)).toMatchObject([{ alerts: 6_000 }]);
  const id = incident?.id ?? "";
  const asked = { incident: id, picks: ["host:poste-2"], reason: REASON };
  expect(await stages.desk.split(asked, stages.delegate)).toMatchObject({ outcome: "split" });
  expect(await incidentsOf(stages)).toMatchObject([{ alerts: 3_000 }, { alerts: 3_000 }]);
  await stages.desk.undoRegrouping({ incident: id, reason: REASON }, stages.delegate);
  expect(await incidentsOf(stages)).toMatchObject([{ id, alerts: 6_000 }, { state: "merged" }]);
});

it("takes a large incident apart once nothing is left to sort", { timeout: 60_000 }, async () => {
  stages = await openStages();
  const scanned = { more: { user: "svc-scan" } };
  await stages.take(...times(5_100, (i) => ({ ...down("poste-0", i / 100), ...scanned })));
  await stages.take(...times(17, (i) => ({ ...down(`poste-${i + 1}`, 51 + i / 10), ...scanned })));
  while ((await stages.pipeline.advance()) > 0);
  const standing = (await incidentsOf(stages)).filter(({ state }) => state !== "merged");
  expect(standing.map(({ alerts }) => alerts).sort((a, b) => b - a)).toEqual([
    5_100,
    ...times(17, () => ({ message: "" })).map(() => 1),
  ]);
});
