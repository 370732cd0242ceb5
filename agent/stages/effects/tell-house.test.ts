import { afterEach, describe, expect, it } from "vitest";
import { openStages, type Stages } from "../../../test/support/pipeline.ts";
import { Account } from "../../core/person.ts";
import { type Alarm, planAlarm } from "../access-alarm.ts";

let stages: Stages | undefined;
afterEach(() => stages?.close());

const alarm = (at: number): Alarm => ({
  what: "emergency_access",
  account: { id: "secours-1", name: "Accès de secours 1" },
  at,
  address: "192.0.2.7",
});

/** A house with a line of its own and a way to people's telephones, and these people. */
async function openWith(people: readonly object[]): Promise<Stages> {
  stages = await openStages({
    channels: [
      { id: "crochet", for: ["delegate"] },
      { id: "sms", for: ["on_call", "rssi"], reaches: "phone" },
    ],
  });
  const { store, clock, delegate } = stages;
  const accounts = people.map((more, index) =>
    Account.parse({ id: `p${index}`, login: `p${index}`, name: `P${index}`, created: clock.now(), ...more }),
  );
  const gone = { ...delegate, active: false };
  const written = await store.commit({
    facility: "ch-exemple",
    at: clock.now(),
    writes: [gone, ...accounts].map((content) => ({
      write: "record",
      kind: "account",
      id: content.id,
      revision: content === gone ? 2 : 1,
      incident: null,
      state: content.role,
      content,
    })),
  });
  expect(written.outcome).toBe("committed");
  return stages;
}

async function raise({ store, clock, sweeper, setup }: Stages): Promise<void> {
  await store.commit({
    facility: "ch-exemple",
    at: clock.now(),
    writes: planAlarm(alarm(clock.now()), setup),
  });
  while ((await sweeper.sweep()) > 0);
}

const effects = async ({ store }: Stages) =>
  (await store.reads.effectsIn("ch-exemple", ["planned", "done", "failed"], 100)).map(
    ({ key, state, because }) => ({ key: key.replace(/:\d{10,}/, ""), state, because }),
  );

describe("an unusual access, carried out", () => {
  it("is sent by the house's own line, and to the telephone of each RSSI, director and delegate", async () => {
    const open = await openWith([
      { role: "rssi", phone: "+33100000001" },
      { role: "director", phone: "+33100000002" },
      { role: "auditor", phone: "+33100000003" },
      { role: "director", phone: "" },
    ]);
    await raise(open);
    expect(open.sent.map(({ channel, context }) => [channel, context.to?.phone])).toEqual(
      expect.arrayContaining([
        ["crochet", undefined],
        ["sms", "+33100000001"],
        ["sms", "+33100000002"],
      ]),
    );
    expect(open.sent).toHaveLength(3);
    for (const { message } of open.sent) {
      expect(message).toMatchObject({ event: "access_used", incident: null });
      expect(message.text).toContain("192.0.2.7");
    }
  });

  it("says that nobody has the contact, rather than that it was told", async () => {
    const open = await openWith([{ role: "rssi", phone: "" }]);
    await raise(open);
    expect(await effects(open)).toContainEqual({
      key: "access:ch-exemple:sms:emergency_access:secours-1",
      state: "failed",
      because: "à prévenir : 0",
    });
  });

  it("is tried again, each person apart, and keeps who was told what", async () => {
    const open = await openWith([{ role: "rssi", phone: "+33100000001" }]);
    open.answerBy.set("sms", { outcome: "unreachable", because: "passerelle muette" });
    await raise(open);
    const again = (await effects(open)).filter(({ state }) => state === "planned");
    expect(again).toEqual([
      {
        key: "access:ch-exemple:sms:emergency_access:secours-1:p0",
        state: "planned",
        because: "passerelle muette",
      },
    ]);
    open.answerBy.delete("sms");
    open.clock.set(open.clock.now() + 60_000_000);
    while ((await open.sweeper.sweep()) > 0);
    expect((await effects(open)).filter(({ state }) => state === "planned")).toEqual([]);
    expect(open.sent.filter(({ channel }) => channel === "sms")).toHaveLength(2);
  });
});
