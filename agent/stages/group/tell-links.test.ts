import { afterEach, beforeEach, expect, it } from "vitest";
import { aPerson, keepDossier, openSharedRecord } from "../../../test/support/group-scene.ts";
import { NIGHT, said } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { uuidv7 } from "../../core/id.ts";
import type { Store } from "../../store/store.ts";
import type { Setup } from "../work.ts";
import { openGroup } from "./open-group.ts";
import { isLinkNews, linkNewsMessage, planLinkNews } from "./tell-links.ts";

const GROUP = {
  name: "GHT du Val",
  facilities: [
    { id: "chx", name: "CH X" },
    { id: "chy", name: "CH Y" },
  ],
  members: ["rania"],
};
const REASON = "Le même compte de télémaintenance des deux côtés.";
const rania = aPerson("rania", "rssi");
/** 02:10 in Paris on a Sunday: a night. */
const MORNING = NIGHT + 6 * MICROSECONDS.hour;

let record: ReturnType<typeof openSharedRecord>;
let store: Store;
const clock = { instant: NIGHT, now: () => clock.instant };
const newId = uuidv7(clock);
beforeEach(async () => {
  clock.instant = NIGHT;
  record = openSharedRecord(clock);
  ({ store } = record);
  await keepDossier(store, { facility: "chx", incident: { id: "x1", reference: "2026-0001" } });
  await keepDossier(store, { facility: "chy", incident: { id: "y1", reference: "2026-0007" } });
});
afterEach(() => record.close());

const channel = (id: string, roles: string[]) =>
  ({ id, for: roles, dependsOn: [] }) as unknown as Setup["notify"][number];
const setupOf = (facility: string, over: Partial<Setup> = {}) =>
  ({
    mode: "live",
    facility: { id: facility, name: `CH ${facility}`, time_zone: "Europe/Paris" },
    notify: [channel("astreinte", ["on_call"]), channel("ssi", ["rssi"]), channel("direction", ["delegate"])],
    masks: MASKS,
    ...over,
  }) as unknown as Setup;
const groupOf = (facility: string) => openGroup({ store, facility, group: GROUP, masks: MASKS, clock });
const link = async () => {
  const form = newId();
  const linking = { form, incident: "2026-0001", facility: "chy", other: "2026-0007", reason: REASON };
  expect((await groupOf("chx").link(linking, rania)).outcome).toBe("linked");
  return form;
};
const planned = async (facility: string, over: Partial<Setup> = {}) => {
  const setup = setupOf(facility, over);
  const writes = await planLinkNews({ reads: store.reads, setup, group: GROUP, now: clock.now() });
  await store.commit({ facility, at: clock.now(), writes });
  return writes.flatMap((write) => (write.write === "plan" ? [write.effect] : []));
};
const messageOf = (facility: string, effect: { key: string; incident: string | null; payload: unknown }) => {
  if (!isLinkNews(effect.payload)) throw new Error("no news of a link");
  const { from } = effect.payload;
  const about = { key: effect.key, incident: String(effect.incident), from, link: "https://x.example/" };
  return linkNewsMessage(store.reads, { ...about, setup: setupOf(facility), now: clock.now() });
};

it("is told to the RSSI of the other facility alone, once, in the morning and not at night", async () => {
  await link();
  expect(await planned("chx")).toEqual([]);
  const [effect, ...others] = await planned("chy");
  expect(others).toEqual([]);
  expect(effect).toMatchObject({
    kind: "notify",
    incident: "y1",
    payload: { channel: "ssi", event: "group_link" },
  });
  expect(effect?.due).toBeGreaterThan(NIGHT + 4 * MICROSECONDS.hour);
  expect(await planned("chy")).toEqual([]);
  clock.instant = MORNING;
  const message = effect && (await messageOf("chy", effect));
  expect(message).toMatchObject({
    ...{ event: "group_link", incident: "y1", facility: "chy", exercise: false },
    subject: "CH X lie un de ses dossiers au vôtre : 2026-0007",
  });
  expect(message?.text).toContain("ne remplit aucun critère");
  // No word of theirs leaves the house by a channel of ours.
  expect(JSON.stringify(message)).not.toContain("télémaintenance");
});

it("is told back once they confirm it", async () => {
  const form = await link();
  await planned("chy");
  const confirming = { form: newId(), incident: "y1", facility: "chx", link: form, reason: REASON };
  expect((await groupOf("chy").confirm(confirming, rania)).outcome).toBe("linked");
  const [effect] = await planned("chx");
  expect(await (effect && messageOf("chx", effect))).toMatchObject({
    subject: "CH Y confirme le lien avec le vôtre : 2026-0001",
  });
});

it.each<[string, Partial<Setup>, string[]]>([
  [
    "the delegates, where no channel is the RSSI's",
    { notify: [channel("direction", ["delegate"])] },
    ["direction"],
  ],
  ["nobody, where nobody is told of anything", { notify: [] }, []],
  ["nobody, in observation", { mode: "observe" }, []],
])("is told to %s", async (_whom, over, channels) => {
  await link();
  const told = (await planned("chy", over)).map(({ payload }) => (payload as { channel: string }).channel);
  expect(told).toEqual(channels);
});

it("is told no more once it was withdrawn, or the dossier came under defence secret", async () => {
  const form = await link();
  const [effect] = await planned("chy");
  if (effect === undefined) throw new Error("nothing was planned");
  const secret = said("defence_secret", true);
  const flagged = {
    ...store.reads,
    ofIncident: async () => [{ revision: 1, content: secret }],
  } as unknown as Store["reads"];
  const { from } = effect.payload as { from: never };
  const about = { key: effect.key, incident: "y1", from, setup: setupOf("chy"), now: NIGHT, link: "" };
  expect(await linkNewsMessage(flagged, about)).toBeUndefined();
  expect(await linkNewsMessage(store.reads, about)).toBeDefined();
  await groupOf("chx").withdraw({ incident: "x1", link: form, reason: "Un autre compte, en fait." }, rania);
  expect(await messageOf("chy", effect)).toBeUndefined();
  expect(await planned("chy")).toEqual([]);
});

it("is not told of links of more than a week ago, of dossiers that are not ours, or of what is none", async () => {
  await link();
  clock.instant = NIGHT + 8 * MICROSECONDS.day;
  expect(await planned("chy")).toEqual([]);
  clock.instant = NIGHT;
  const put = (id: string, content: object) =>
    store.commit({
      ...{ facility: "chx", at: NIGHT },
      writes: [
        {
          write: "record",
          kind: "group_link",
          id,
          revision: 1,
          incident: "x1",
          state: "chy/none",
          content,
        } as never,
      ],
    });
  await put("odd", { id: "odd", other: "<script>" });
  const [held] = await store.reads.ofIncident("chx", "group_link", "x1");
  await put("stray", { ...held?.content, id: "stray", other: { ...held?.content.other, incident: "none" } });
  expect(await planned("chy")).toHaveLength(1);
});
