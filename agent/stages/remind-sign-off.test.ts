import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../test/support/incident.ts";
import { down, type Line, openStages, type Stages } from "../../test/support/pipeline.ts";
import type { Instant } from "../core/clock.ts";
import type { Actor } from "./person-act.ts";

import { planSignOff } from "./remind-sign-off.ts";

const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
const up: Line = { minute: 17, message: `Resolved: Service "pacs-01" is running on pacs-01` };
/** An instant of Paris in winter. */
const paris = (year: number, month: number, day: number, hour: number): Instant =>
  Date.UTC(year, month - 1, day, hour - 1) * 1000;

let stages: Stages;
afterEach(() => stages?.close());

/** A PACS blip in November, closed by the machine. */
async function blip(options: Parameters<typeof openStages>[0] = {}) {
  stages = await openStages(options);
  await stages.take(down("pacs-01"));
  stages.clock.pass(17);
  await stages.take(up);
  await at(NIGHT + 20 * 3_600_000_000);
}
async function at(instant: Instant, each = stages) {
  each.clock.set(instant);
  while ((await each.sweeper.sweep()) > 0);
}
const reminders = (each = stages) => each.messages.filter(({ event }) => event === "sign_off_due");
async function sign(month: string) {
  const { sha256 } = await stages.desk.closings(month);
  expect((await stages.desk.signOff({ month, sha256 }, RSSI)).outcome).toBe("signed");
}

describe("a month that nobody has signed", () => {
  it("is called to the RSSI's mind on the first of the next, by day, and to nobody else", async () => {
    await blip();
    await at(paris(2026, 12, 1, 8));
    expect(reminders()).toEqual([]);
    await at(paris(2026, 12, 1, 9));
    expect(reminders()).toMatchObject([
      {
        incident: null,
        exercise: true,
        subject: "EXERCICE : clôtures automatiques à relire et à signer",
        text: expect.stringContaining("novembre 2026 : la liste n'est pas signée"),
        link: "https://tocsin.example/clotures?mois=2026-11",
      },
    ]);
    expect(stages.messages).toHaveLength(1);
    expect(await stages.desk.unsignedMonths()).toEqual(["2026-11"]);
  });

  it("is called to mind once a month until it is signed, and then no more", async () => {
    await blip();
    for (const day of [1, 2, 15, 31]) await at(paris(2026, 12, day, 12));
    expect(reminders()).toHaveLength(1);
    await at(paris(2027, 1, 4, 12));
    expect(reminders()).toHaveLength(2);
    await sign("2026-11");
    expect(await stages.desk.unsignedMonths()).toEqual([]);
    await at(paris(2027, 3, 4, 12));
    expect(reminders()).toHaveLength(2);
  });

  it("is not, once it was signed in time", async () => {
    await blip();
    stages.clock.set(paris(2026, 12, 1, 0));
    await sign("2026-11");
    await at(paris(2027, 1, 2, 12));
    expect(reminders()).toEqual([]);
  });

  it("is called to mind once after a stop of months that ends at night, in the morning", async () => {
    await blip();
    const again = await stages.restart();
    await at(paris(2027, 2, 10, 3), again);
    expect(reminders(again)).toEqual([]);
    await at(paris(2027, 2, 10, 8), again);
    expect(reminders(again)).toHaveLength(1);
    await at(paris(2027, 2, 28, 12), again);
    expect(reminders(again)).toHaveLength(1);
  });

  it("is told to nobody in observe mode, and shown all the same", async () => {
    await blip({ mode: "observe" });
    await at(paris(2026, 12, 2, 12));
    expect(stages.messages).toEqual([]);
    expect(await stages.desk.unsignedMonths()).toEqual(["2026-11"]);
  });

  it("is nothing while it runs, nor when people closed all there was", async () => {
    await blip();
    expect(await stages.desk.unsignedMonths()).toEqual([]);
    await stages.close();
    stages = await openStages();
    await stages.take(down("imprimante-9"));
    const [found] = await stages.desk.incidents({ limit: 1 });
    const closing = { incident: found?.incident.id ?? "", reason: "Imprimante débranchée." };
    await stages.desk.closeByHand(closing, RSSI);
    await at(paris(2026, 12, 2, 12));
    expect(await stages.desk.unsignedMonths()).toEqual([]);
    expect(reminders()).toEqual([]);
  });
});

describe("the reminder's time", () => {
  it.each([
    ["Europe/Paris", "2026-12", "2027-01-01T08:00:00.000Z"],
    ["Europe/Paris", "2026-06", "2026-07-01T07:00:00.000Z"],
    ["Indian/Reunion", "2026-11", "2026-12-01T05:00:00.000Z"],
  ])("in %s after %s is %s: nine o'clock there", async (zone, month, due) => {
    stages = await openStages();
    const setup = { ...stages.setup, facility: { ...stages.setup.facility, time_zone: zone } };
    const [planned] = planSignOff(month, setup);
    if (planned?.write !== "plan") throw new Error("nothing planned");
    expect(new Date(planned.effect.due / 1000).toISOString()).toBe(due);
  });
});
