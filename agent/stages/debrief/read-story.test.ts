import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPerson, GROUP, keepDossier, openSharedRecord } from "../../../test/support/group-scene.ts";
import { NIGHT } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { uuidv7 } from "../../core/id.ts";
import type { GroupDesk } from "../group/group-desk.ts";
import { openGroup } from "../group/open-group.ts";
import { readStory } from "./read-story.ts";

const { minute } = MICROSECONDS;
const REASON = "Le même compte de télémaintenance des deux côtés.";
const rania = aPerson("rania", "rssi");
const audrey = aPerson("audrey", "rssi");

let record: ReturnType<typeof openSharedRecord>;
const clock = { instant: NIGHT, now: () => clock.instant };
const newId = uuidv7(clock);
beforeEach(async () => {
  clock.instant = NIGHT;
  record = openSharedRecord(clock);
  const { store } = record;
  await keepDossier(store, { facility: "chx", incident: { id: "x1", reference: "2026-0001" } });
  await keepDossier(store, { facility: "chy", incident: { id: "y1", reference: "2026-0007" } });
});
afterEach(() => record.close());

const groupOf = (facility: string): GroupDesk =>
  openGroup({ store: record.store, facility, group: GROUP, masks: MASKS, clock });
/** Rania links her dossier with that of the other house; the id of the link. */
async function linked(form = newId()): Promise<string> {
  const linking = { form, incident: "2026-0001", facility: "chy", other: "2026-0007", reason: REASON };
  expect((await groupOf("chx").link(linking, rania)).outcome).toBe("linked");
  return form;
}
/** Audrey, of the other house, says the same. */
async function confirmed(link: string): Promise<string> {
  const confirming = { form: newId(), incident: "y1", facility: "chx", link, reason: REASON };
  expect((await groupOf("chy").confirm(confirming, audrey)).outcome).toBe("linked");
  return confirming.form;
}
/** What the debriefing of a dossier tells of its links. */
async function told(facility: string, incident: string): Promise<string[]> {
  const entries = await record.store.reads.journalOf(facility, incident);
  const { lines, troubles } = readStory(entries, {
    ...{ reference: "2026-0000", effects: [], systemName: (id) => id },
  });
  expect(troubles).toEqual([]);
  return lines
    .filter(({ kind }) => kind === "person")
    .map(({ at, text, by }) => `${(at - NIGHT) / minute} ${text} (${by})`);
}

describe("the story of a dossier that is linked with one of another facility", () => {
  it("tells who linked it with which, when it was done, and nothing in the other house until somebody says so there", async () => {
    clock.instant += 5 * minute;
    await linked();
    expect(await told("chx", "x1")).toEqual([
      "5 Lié à un dossier d’un autre établissement : CH Y, 2026-0007 (Dr rania)",
    ]);
    expect(await told("chy", "y1")).toEqual([]);
  });

  it("tells of a confirmation in the house that confirmed", async () => {
    const link = await linked();
    clock.instant += 9 * minute;
    await confirmed(link);
    expect(await told("chy", "y1")).toEqual([
      "9 Lié à un dossier d’un autre établissement : CH X, 2026-0001 (Dr audrey)",
    ]);
    expect(await told("chx", "x1")).toHaveLength(1);
  });

  it("tells of a link that was taken back by whom, and keeps that it was made", async () => {
    const link = await linked();
    clock.instant += 20 * minute;
    const withdrawing = { incident: "x1", link, reason: "Un autre compte, en fait." };
    await groupOf("chx").withdraw(withdrawing, audrey);
    await groupOf("chx").withdraw(withdrawing, rania);
    expect(await told("chx", "x1")).toEqual([
      "0 Lié à un dossier d’un autre établissement : CH Y, 2026-0007 (Dr rania)",
      "20 Lien retiré : CH Y, 2026-0007 (Dr audrey)",
    ]);
  });

  it("tells of a form that was sent twice once, and of one that links anew again", async () => {
    const link = await linked();
    await linked(link);
    expect(await told("chx", "x1")).toHaveLength(1);
    await groupOf("chx").withdraw({ incident: "x1", link, reason: "Un autre compte, en fait." }, rania);
    clock.instant += minute;
    await linked();
    expect((await told("chx", "x1")).map((line) => line.slice(0, 6))).toEqual(["0 Lié ", "0 Lien", "1 Lié "]);
  });

  it("says nothing of the reasons, which name what happened in another house", async () => {
    await confirmed(await linked());
    const all = [...(await told("chx", "x1")), ...(await told("chy", "y1"))];
    expect(all).toHaveLength(2);
    expect(all.join()).not.toContain("télémaintenance");
  });
});
