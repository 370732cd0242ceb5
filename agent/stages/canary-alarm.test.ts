import { afterEach, expect, it } from "vitest";
import { openStages, type Stages } from "../../test/support/pipeline.ts";
import { Account } from "../core/person.ts";
import { type CanaryAlarm, planCanaryAlarm } from "./canary-alarm.ts";

let stages: Stages | undefined;
afterEach(() => stages?.close());

const alarm = (at: number, what: CanaryAlarm["what"] = "failing"): CanaryAlarm => ({
  ...{ what, at, since: at - 300_000_000 },
  ways: ["fw tcp 127.0.0.1:5514", "edr http 127.0.0.1:8471"],
});

/** What is sent by which channel, to which telephone. */
async function told(channels: object[], what?: CanaryAlarm["what"]): Promise<Stages> {
  stages = await openStages({ channels: channels as never });
  const { store, clock, setup, sweeper } = stages;
  const rssi = Account.parse({
    ...{ id: "r1", login: "r1", name: "R1", role: "rssi", phone: "+33100000001", created: clock.now() },
  });
  const { id, role } = rssi;
  await store.commit({
    facility: "ch-exemple",
    at: clock.now(),
    writes: [
      { write: "record", kind: "account", id, revision: 1, incident: null, state: role, content: rssi },
      ...planCanaryAlarm(alarm(clock.now(), what), setup),
    ],
  });
  while ((await sweeper.sweep()) > 0);
  return stages;
}

it.each<[string, object[], [string, string | undefined][]]>([
  [
    "the RSSI's channels, and no other",
    [
      { id: "crochet", for: ["rssi"] },
      { id: "garde", for: ["on_call"] },
    ],
    [["crochet", undefined]],
  ],
  ["each RSSI's own telephone", [{ id: "sms", for: ["rssi"], reaches: "phone" }], [["sms", "+33100000001"]]],
  [
    "who is on call, where no channel is the RSSI's",
    [{ id: "garde", for: ["on_call"] }],
    [["garde", undefined]],
  ],
])("is told by %s, in one message of all ways", async (_, channels, wanted) => {
  const { sent } = await told(channels);
  expect(sent.map(({ channel, context }) => [channel, context.to?.phone])).toEqual(wanted);
  for (const { message } of sent) {
    expect(message).toMatchObject({ event: "intake_failing", incident: null });
    expect(message.subject).toContain("2 voies d'entrée en défaut");
    expect(message.text).toContain("fw tcp 127.0.0.1:5514, edr http 127.0.0.1:8471");
  }
});

it("is told when they work again", async () => {
  const { sent } = await told([{ id: "crochet", for: ["rssi"] }], "restored");
  expect(sent.map(({ message }) => message.subject)).toEqual([
    expect.stringContaining("les voies d'entrée fonctionnent de nouveau"),
  ]);
});

it("is told to nobody while only observing", async () => {
  const { setup } = await told([{ id: "crochet", for: ["rssi"] }]);
  expect(planCanaryAlarm(alarm(0), { ...setup, mode: "observe" })).toEqual([]);
});
