import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aPerson, GROUP, keepDossier, openSharedRecord } from "../../../test/support/group-scene.ts";
import { NIGHT, said } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { uuidv7 } from "../../core/id.ts";
import type { Store } from "../../store/store.ts";
import type { GroupSought, Linking } from "./group-desk.ts";
import { openGroup } from "./open-group.ts";

const ALL: GroupSought = { facility: "", state: "", awaited: false };
const REASON = "Le même compte de télémaintenance des deux côtés.";
const rania = aPerson("rania", "rssi");

let record: ReturnType<typeof openSharedRecord>;
let store: Store;
const clock = { instant: NIGHT, now: () => clock.instant };
const newId = uuidv7(clock);
beforeEach(() => {
  clock.instant = NIGHT;
  record = openSharedRecord(clock);
  ({ store } = record);
});
afterEach(() => record.close());

const groupOf = (facility: string, over: Partial<Store> = {}) =>
  openGroup({ store: { ...store, ...over }, facility, group: GROUP, masks: MASKS, clock });
/** What is in the record of a facility, to see that nothing came to it. */
const entriesOf = async (facility: string) => (await store.reads.journal(facility, 1, 1000)).length;

describe("a link between dossiers of two facilities", () => {
  const linking = (over: Partial<Linking> = {}): Linking => ({
    ...{ form: newId(), incident: "2026-0001", facility: "chy", other: "2026-0007", reason: REASON },
    ...over,
  });
  beforeEach(async () => {
    await keepDossier(store, {
      facility: "chx",
      incident: { id: "x1", reference: "2026-0001" },
      sentence: "Aucun critère.",
    });
    await keepDossier(store, {
      facility: "chy",
      incident: { id: "y1", reference: "2026-0007", causes: ["ransomware", "malware"] },
    });
  });
  const theirs = { ...rania, login: "audrey", id: "acc-audrey", name: "Dr audrey" };

  it("is a record here alone, which names the other dossier and copies nothing of it", async () => {
    const before = await entriesOf("chy");
    expect(await groupOf("chx").link(linking(), rania)).toEqual({ outcome: "linked", incident: "x1" });
    const { links, proposals } = await groupOf("chx").linksOf(["x1"]);
    expect(proposals).toEqual([]);
    expect(links).toMatchObject([
      {
        both: false,
        link: {
          ...{ incident: "x1", at: NIGHT, reason: REASON, answers: null, withdrawn: null },
          other: { facility: "chy", name: "CH Y", incident: "y1", reference: "2026-0007" },
          by: { account: "acc-rania", name: "Dr rania" },
        },
      },
    ]);
    expect(await entriesOf("chy")).toBe(before);
    // No criterion is met by it: a person has to state something.
    expect(await store.reads.ofIncident("chx", "fact", "x1")).toEqual([]);
  });

  it("is proposed there, confirmed by a record of their own, and then declared on both sides", async () => {
    await groupOf("chx").link(linking(), rania);
    const chy = groupOf("chy");
    const marked = async () =>
      (await chy.look({ ...ALL, facility: "chy" }, theirs))[0]?.dossiers[0]?.proposed;
    expect(await marked()).toBe(true);
    const { proposals, links } = await chy.linksOf(["y1"]);
    expect(links).toEqual([]);
    expect(proposals).toMatchObject([
      {
        facility: { id: "chx", name: "CH X" },
        link: { incident: "x1", reference: "2026-0001", reason: REASON },
      },
    ]);
    const link = proposals[0]?.link.id ?? "";
    const confirming = { form: newId(), incident: "y1", facility: "chx", link, reason: REASON };
    const before = await entriesOf("chx");
    expect(await chy.confirm(confirming, theirs)).toEqual({ outcome: "linked", incident: "y1" });
    expect(await entriesOf("chx")).toBe(before);
    expect(await chy.linksOf(["y1"])).toMatchObject({
      proposals: [],
      links: [{ both: true, link: { answers: link, other: { incident: "x1", reference: "2026-0001" } } }],
    });
    expect((await groupOf("chx").linksOf(["x1"])).links[0]?.both).toBe(true);
    expect(await marked()).toBe(false);
  });

  it("is withdrawn with a reason, stays readable, and is no longer proposed there", async () => {
    const chx = groupOf("chx");
    const form = newId();
    await chx.link(linking({ form }), rania);
    const withdrawing = { incident: "x1", link: form, reason: "Un autre compte, en fait." };
    expect(await chx.withdraw(withdrawing, rania)).toEqual({ outcome: "withdrawn" });
    expect(await chx.withdraw(withdrawing, rania)).toEqual({ outcome: "withdrawn" });
    expect((await chx.linksOf(["x1"])).links[0]?.link.withdrawn).toMatchObject({
      ...{ name: "Dr rania", reason: "Un autre compte, en fait." },
    });
    expect(await groupOf("chy").linksOf(["y1"])).toEqual({ links: [], proposals: [], unread: [] });
    // It may be declared anew.
    expect((await chx.link(linking(), rania)).outcome).toBe("linked");
    expect(await store.reads.ofIncident("chx", "group_link", "x1")).toHaveLength(2);
  });

  it("of what went into a dossier shows there, and is proposed to it", async () => {
    await groupOf("chy").link(linking({ incident: "y1", facility: "chx", other: "x1" }), rania);
    await groupOf("chx").link(linking(), rania);
    expect(await groupOf("chx").linksOf(["x2", "x1"])).toMatchObject({ links: [{ both: true }] });
    expect((await groupOf("chy").linksOf(["y2"])).links).toEqual([]);
  });

  it("sent twice by one form is declared once", async () => {
    const given = linking();
    const chx = groupOf("chx");
    for (let n = 0; n < 2; n += 1)
      expect(await chx.link(given, rania)).toEqual({ outcome: "linked", incident: "x1" });
    expect(await store.reads.ofIncident("chx", "group_link", "x1")).toHaveLength(1);
  });

  it("keeps no patient that its reason names", async () => {
    await groupOf("chx").link(linking({ reason: "Le patient 8012345678 est suivi des deux côtés." }), rania);
    const [stored] = await store.reads.ofIncident("chx", "group_link", "x1");
    expect(stored?.content.reason).toMatch(/^Le patient (?!8012345678)/);
  });

  it.each<[string, object]>([
    ["names another dossier than it is listed by", { other: { facility: "chz", incident: "z" } }],
    ["is no link", { by: null, other: null }],
    ["was withdrawn", { withdrawn: { at: NIGHT, account: "a", name: "b", reason: "c" } }],
  ])("that another facility wrote and that %s is not proposed, and breaks no page", async (_what, over) => {
    const other = { facility: "chx", name: "", incident: "x1", reference: "", title: "" };
    const link = {
      ...{ id: "forged", incident: "y1", reference: "2026-0007", other, by: { account: "a", name: "b" } },
      ...{ at: NIGHT, reason: REASON, answers: null, withdrawn: null, ...over },
    };
    const record = { write: "record", kind: "group_link", id: "forged", revision: 1 } as const;
    const put = { ...record, incident: "y1", state: "chx/x1", content: link as never };
    await store.commit({ facility: "chy", at: NIGHT, writes: [put] });
    const { proposals } = await groupOf("chx").linksOf(["x1"]);
    expect(proposals.map(({ link: { withdrawn } }) => withdrawn)).toEqual([]);
    const confirming = { form: newId(), incident: "x1", facility: "chy", link: "forged", reason: REASON };
    expect(await groupOf("chx").confirm(confirming, rania)).toMatchObject({ code: "unknown_link" });
  });

  it("of what another facility wrote shows no more than a page can", async () => {
    const other = { facility: "chx", name: "", incident: "x1", reference: "", title: "" };
    const link = {
      ...{
        id: "long",
        incident: "y1",
        reference: "R".repeat(9999),
        other,
        by: { account: "a", name: "N".repeat(9999) },
      },
      ...{ at: NIGHT, reason: "x".repeat(99_999), answers: null, withdrawn: null },
    };
    const record = { write: "record", kind: "group_link", id: "long", revision: 1 } as const;
    await store.commit({
      ...{ facility: "chy", at: NIGHT },
      writes: [{ ...record, incident: "y1", state: "chx/x1", content: link }],
    });
    const { proposals } = await groupOf("chx").linksOf(["x1"]);
    expect(JSON.stringify(proposals).length).toBeLessThan(2500);
  });

  it("does not keep a dossier of ours from being read when others cannot be", async () => {
    await groupOf("chx").link(linking(), rania);
    const byState = (async (facility: string, ...rest: [never, never, never]) => {
      if (facility === "chz") throw new Error("away");
      return store.reads.byState(facility, ...rest);
    }) as Store["reads"]["byState"];
    const found = await groupOf("chx", { reads: { ...store.reads, byState } }).linksOf(["x1"]);
    expect([found.links.length, found.unread]).toEqual([1, ["CH Z"]]);
  });

  const auditor = aPerson("audrey", "auditor");
  it.each<[string, Partial<Linking>, string, typeof rania?]>([
    ["by who is no member", {}, "not_member", aPerson("dora", "director")],
    ["by a member who only reads", {}, "not_allowed", auditor],
    ["with a form that is none", { form: "x" }, "bad_form"],
    ["without a reason", { reason: "Oui." }, "reason_missing"],
    ["with too long a reason", { reason: "x".repeat(501) }, "reason_missing"],
    ["of a dossier that is not ours", { incident: "2026-0007" }, "unknown_incident"],
    ["of one under the secret of national defence", { incident: "x-secret" }, "secret"],
    ["of one that was merged", { incident: "x-merged" }, "merged"],
    ["of one that was erased", { incident: "x-erased" }, "erased"],
    ["with a facility that is not of the group", { facility: "elsewhere" }, "unknown_facility"],
    ["with one of ours", { facility: "chx", other: "x1" }, "unknown_facility"],
    ["with a dossier that is not theirs", { other: "2026-0001" }, "unknown_other"],
    ["with one of theirs that nothing may be told of", { other: "y-secret" }, "unknown_other"],
  ])("is refused %s, and nothing is written", async (_what, over, code, person = rania) => {
    const gone = { at: NIGHT, policy: "dossiers", closed: NIGHT };
    for (const incident of [
      { id: "x-merged", state: "merged" as const },
      { id: "x-erased", state: "closed" as const, erased: gone },
    ])
      await keepDossier(store, { facility: "chx", incident: { ...incident, reference: incident.id } });
    const facts = [said("defence_secret", true)];
    await keepDossier(store, { facility: "chx", incident: { id: "x-secret", reference: "S" }, facts });
    await keepDossier(store, {
      ...{ facility: "chy", incident: { id: "y-secret", reference: "S" } },
      ...{ sentence: "Secret.", verdict: "withheld" },
    });
    const before = await entriesOf("chx");
    expect(await groupOf("chx").link(linking(over), person)).toMatchObject({ outcome: "refused", code });
    expect(await entriesOf("chx")).toBe(before);
  });

  it("is not declared a second time while it stands", async () => {
    await groupOf("chx").link(linking(), rania);
    expect(await groupOf("chx").link(linking(), rania)).toMatchObject({ code: "already_linked" });
  });

  it.each<[string, { facility?: string; link?: string }]>([
    ["one that there is none of", { link: "nothing" }],
    ["one of a facility that is not of the group", { facility: "elsewhere" }],
    ["one towards another facility", { link: "towards-z" }],
  ])("is not confirmed: %s", async (_what, over) => {
    const form = newId();
    await keepDossier(store, { facility: "chz", incident: { id: "z1", reference: "2026-0003" } });
    await groupOf("chx").link(linking({ form, facility: "chz", other: "z1" }), rania);
    const link = over.link === "towards-z" ? form : (over.link ?? form);
    const confirming = {
      form: newId(),
      incident: "y1",
      facility: over.facility ?? "chx",
      link,
      reason: REASON,
    };
    expect(await groupOf("chy").confirm(confirming, theirs)).toMatchObject({ code: "unknown_link" });
    expect(await store.reads.ofIncident("chy", "group_link", "y1")).toEqual([]);
  });

  it.each<[string, { link?: string; incident?: string; reason?: string }, string, typeof rania?]>([
    ["by who is no member", {}, "not_member", aPerson("dora", "director")],
    ["by a member who only reads", {}, "not_allowed", auditor],
    ["without a reason", { reason: "" }, "reason_missing"],
    ["by the address of another dossier", { incident: "x2" }, "unknown_link"],
    ["that there is none of", { link: "nothing" }, "unknown_link"],
  ])("is not withdrawn %s", async (_what, over, code, person = rania) => {
    const link = newId();
    await groupOf("chx").link(linking({ form: link }), rania);
    const withdrawing = { incident: "x1", link, reason: "Un autre compte.", ...over };
    expect(await groupOf("chx").withdraw(withdrawing, person)).toMatchObject({ code });
    const [stored] = await store.reads.ofIncident("chx", "group_link", "x1");
    expect(stored?.content.withdrawn).toBeNull();
  });
});
