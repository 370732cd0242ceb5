import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  aPerson,
  GROUP,
  keepDossier,
  noteFacility,
  openSharedRecord,
} from "../../../test/support/group-scene.ts";
import { NIGHT } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Store } from "../../store/store.ts";
import type { GroupSought } from "./group-desk.ts";
import { openGroup } from "./open-group.ts";
import { SHOWN } from "./read-group.ts";

const ALL: GroupSought = { facility: "", state: "", awaited: false };
const rania = aPerson("rania", "rssi");

let record: ReturnType<typeof openSharedRecord>;
let store: Store;
const clock = { instant: NIGHT, now: () => clock.instant };
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

describe("what a member sees of the group", () => {
  const seen = async (sought: Partial<GroupSought> = {}, person = rania) =>
    (await groupOf("chx").look({ ...ALL, ...sought }, person)).map(({ id, outcome, dossiers }) => [
      id,
      outcome,
      ...dossiers.map(({ reference }) => reference),
    ]);

  it("is how each open dossier stands, by the names its own facility gives, and nothing of what happened", async () => {
    await noteFacility(store, "chy", { mode: "exercise", systems: { pacs: "Imagerie" } });
    await keepDossier(store, {
      facility: "chy",
      incident: {
        ...{ id: "y1", reference: "2026-0007", state: "in_review", causes: ["ransomware"] },
        ...{ systems: ["pacs", "dpi"], because: "Vu par Mme DUPONT Jean, chambre 12" },
      },
      sentence: "À déclarer maintenant : sécurité des soins (potentiel).",
    });
    const [, chy] = await groupOf("chx").look(ALL, rania);
    expect(chy).toEqual({
      ...{ id: "chy", name: "CH Y", ours: false, outcome: "read", mode: "exercise", more: false },
      dossiers: [
        {
          ...{ incident: "y1", reference: "2026-0007", title: "Rançongiciel", state: "in_review" },
          sentence: "À déclarer maintenant : sécurité des soins (potentiel).",
          ...{ occurred: NIGHT, systems: ["Imagerie", "dpi"], awaited: true, last: NIGHT, proposed: false },
        },
      ],
    });
    expect(JSON.stringify(chy)).not.toContain("DUPONT");
  });

  it("masks what a text of another facility names", async () => {
    const sentence = "Il manque une réponse : le patient 8012345678 est-il concerné ?";
    await keepDossier(store, { facility: "chy", incident: { id: "y1" }, sentence });
    const [, chy] = await groupOf("chx").look(ALL, rania);
    expect(chy?.dossiers[0]?.sentence).not.toContain("8012345678");
  });

  it("leaves out what is under the secret of national defence, wherever it is", async () => {
    await keepDossier(store, {
      ...{ facility: "chy", incident: { id: "y1" }, sentence: "Secret.", verdict: "withheld" },
    });
    expect(await seen()).toEqual([
      ["chx", "unread"],
      ["chy", "read"],
      ["chz", "unread"],
    ]);
  });

  it.each<[string, Partial<GroupSought>, string[][]]>([
    [
      "nothing",
      {},
      [
        ["chx", "read", "X-1"],
        ["chy", "read", "Y-2", "Y-1"],
        ["chz", "unread"],
      ],
    ],
    ["a facility", { facility: "chy" }, [["chy", "read", "Y-2", "Y-1"]]],
    ["a facility that is not of the group", { facility: "nowhere" }, []],
    [
      "what waits for a decision",
      { awaited: true },
      [
        ["chx", "read"],
        ["chy", "read", "Y-2"],
        ["chz", "unread"],
      ],
    ],
    ["what is watched", { facility: "chy", state: "candidate" }, [["chy", "read", "Y-3"]]],
    ["what is closed", { facility: "chx", state: "closed" }, [["chx", "read", "X-2"]]],
    [
      "a state that there is none of",
      { facility: "chy", state: "constructor" },
      [["chy", "read", "Y-2", "Y-1"]],
    ],
    ["a state that waits for nobody", { facility: "chy", state: "open", awaited: true }, [["chy", "read"]]],
  ])("by %s", async (_what, sought, expected) => {
    for (const [facility, id, state] of [
      ["chx", "X-1", "open"],
      ["chx", "X-2", "closed"],
      ["chy", "Y-1", "declared"],
      ["chy", "Y-2", "in_review"],
      ["chy", "Y-3", "candidate"],
    ] as const)
      await keepDossier(store, { facility, incident: { id, reference: id, state } });
    expect(await seen(sought)).toEqual(expected);
  });

  it(`is ${SHOWN} dossiers of a facility, and that there are more`, async () => {
    for (let n = 0; n <= SHOWN; n += 1)
      await keepDossier(store, { facility: "chy", incident: { id: `y${n}`, reference: `Y-${n}` } });
    const [, chy] = await groupOf("chx").look(ALL, rania);
    expect([chy?.dossiers.length, chy?.more]).toEqual([SHOWN, true]);
  });

  it("says of a facility that cannot be read that it cannot, and shows the others", async () => {
    await keepDossier(store, { facility: "chy", incident: { id: "y1", reference: "Y-1" } });
    const denied: Store["reads"]["journalEnd"] = async (facility) => {
      if (facility === "chz") throw new Error("permission denied for table journal");
      return store.reads.journalEnd(facility);
    };
    const reads = { ...store.reads, journalEnd: denied };
    const rows = await groupOf("chx", { reads }).look(ALL, rania);
    expect(rows.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      "chx unread",
      "chy read",
      "chz unread",
    ]);
  });

  it("says of a facility whose record holds what is none that it cannot be read", async () => {
    await keepDossier(store, { facility: "chy", incident: { id: "y1", causes: ["toString" as never] } });
    expect(await seen({ facility: "chy" })).toEqual([["chy", "unread"]]);
  });

  it("leaves a trace here and none there, once a person and hour", async () => {
    await keepDossier(store, { facility: "chy", incident: { id: "y1" } });
    const before = await entriesOf("chy");
    const group = groupOf("chx");
    const sought = { ...ALL, facility: "chy" };
    for (const person of [rania, rania, aPerson("audrey", "auditor")]) await group.look(sought, person);
    clock.instant += MICROSECONDS.hour;
    await group.look(sought, rania);
    const traces = (await store.reads.journal("chx", 1, 100)).map(({ type, content }) => [
      type,
      JSON.parse(content ?? "null"),
    ]);
    const read = (login: string, role: string) => [
      "note.group_read",
      { account: `acc-${login}`, name: `Dr ${login}`, role, facilities: ["chy"] },
    ];
    expect(traces).toEqual([read("rania", "rssi"), read("audrey", "auditor"), read("rania", "rssi")]);
    expect(await entriesOf("chy")).toBe(before);
  });
});

it("nothing of the group is shown of which no trace can be kept", async () => {
  await keepDossier(store, { facility: "chy", incident: { id: "y1" } });
  const commit: Store["commit"] = async () => {
    throw new Error("database or disk is full");
  };
  await expect(groupOf("chx", { commit }).look(ALL, rania)).rejects.toThrow("full");
});
