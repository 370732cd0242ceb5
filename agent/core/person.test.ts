import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "./clock.ts";
import {
  type Account,
  type Act,
  calledName,
  type Delegation,
  delegationAt,
  lapsingAct,
  mayAct,
  Role,
  reviewDueSince,
  samePerson,
} from "./person.ts";

/** Who may do what, written a second time: a letter for each role that may. */
const RIGHTS: Record<Act, string> = {
  // delegate, director, rssi, dpo, operator, auditor
  read: "D I R P O A",
  answer: "D I R P O .",
  edit: "D I R . . .",
  decide: "D I . . . .",
  record_filing: "D I R . . .",
  record_oral: ". . R . O .",
  settle_clock: "D I R P . .",
  prepare_duty: "D I R P . .",
  approve_duty: "D I R P . .",
  exchange: "D I R P O .",
  follow_up: "D I R . . .",
  unmask: "D I R . . .",
  sign_off: "D I R . . .",
  mute: "D I R . . .",
  erase: ". I R . . .",
  hold: "D I R P . .",
  eliminate: ". I . P . .",
  manage_people: ". I R . . .",
};
const LETTERS = { delegate: "D", director: "I", rssi: "R", dpo: "P", operator: "O", auditor: "A" };
const NOW = 1000;

const act = (from: number, until: number | null, document = "acte n° 1"): Delegation => {
  const recorded = { at: 0, by: "acc-9" };
  return { from, until, by: "Le directeur", document, scope: "", published: "", recorded };
};

describe("mayAct", () => {
  it.each(Object.entries(RIGHTS) as [Act, string][])("lets do: %s, %s", (what, who) => {
    for (const role of Role.options) {
      expect([role, mayAct({ role, active: true }, what, NOW)]).toEqual([role, who.includes(LETTERS[role])]);
      expect(mayAct({ role, active: false }, what, NOW)).toBe(false);
    }
  });

  it("lets nobody decide at an instant that is not told", () => {
    const decide = mayAct as (account: Pick<Account, "role" | "active">, act: Act) => boolean;
    expect(decide({ role: "director", active: true }, "decide")).toBe(false);
    expect(decide({ role: "director", active: true }, "edit")).toBe(true);
  });

  it("lets a delegate decide only while a recorded delegation holds, and do all else", () => {
    const lapsed = { role: "delegate", active: true, delegations: [act(0, NOW)] } as const;
    expect([mayAct(lapsed, "decide", NOW), mayAct(lapsed, "edit", NOW)]).toEqual([false, true]);
    expect(mayAct(lapsed, "decide", NOW - 1)).toBe(true);
  });
});

describe("delegationAt", () => {
  it.each<[string, Pick<Account, "role" | "delegations">, string]>([
    ["a role that needs none", { role: "director", delegations: [act(0, 1)] }, "not_needed"],
    ["no act", { role: "delegate" }, "unrecorded"],
    ["an empty list of acts", { role: "delegate", delegations: [] }, "unrecorded"],
    ["an act without end", { role: "delegate", delegations: [act(0, null)] }, "holds"],
    ["an act from this instant on", { role: "delegate", delegations: [act(NOW, null)] }, "holds"],
    ["an act from the next instant on", { role: "delegate", delegations: [act(NOW + 1, null)] }, "lapsed"],
    ["an act that ends at the next instant", { role: "delegate", delegations: [act(0, NOW + 1)] }, "holds"],
    ["an act that ends at this instant", { role: "delegate", delegations: [act(0, NOW)] }, "lapsed"],
    ["one act of several that holds", { role: "delegate", delegations: [act(0, 1), act(5, null)] }, "holds"],
  ])("with %s", (_what, account, expected) => {
    expect(delegationAt({ ...account, active: true }, NOW)).toBe(expected);
  });
});

describe("lapsingAct", () => {
  const lapsing = (...delegations: Delegation[]) =>
    ({ role: "delegate", active: true, delegations }) as const;

  it.each<[string, Delegation[], { document: string; until: number } | undefined]>([
    ["one that ends soon", [act(0, NOW + 50, "a")], { document: "a", until: NOW + 50 }],
    ["one that ends at the very last", [act(0, NOW + 100, "a")], { document: "a", until: NOW + 100 }],
    ["nothing that ends later", [act(0, NOW + 101, "a")], undefined],
    ["nothing without end", [act(0, null)], undefined],
    ["nothing that has ended", [act(0, NOW)], undefined],
    [
      "the last of acts that follow each other",
      [act(NOW + 50, NOW + 80, "b"), act(0, NOW + 50, "a"), act(0, NOW + 20, "c")],
      { document: "b", until: NOW + 80 },
    ],
    [
      "the first where a gap follows",
      [act(0, NOW + 50, "a"), act(NOW + 51, null, "b")],
      { document: "a", until: NOW + 50 },
    ],
    ["nothing that an act without end follows", [act(0, NOW + 50, "a"), act(NOW + 50, null)], undefined],
    ["the longest of two at once", [act(0, NOW + 50, "a"), act(0, null, "b")], undefined],
    [
      "nothing that one of later end follows",
      [act(0, NOW + 50, "a"), act(NOW + 9, NOW + 500, "b")],
      undefined,
    ],
  ])("names %s", (_what, delegations, expected) => {
    expect(lapsingAct(lapsing(...delegations), NOW, 100)).toEqual(expected);
  });

  it("names none of a closed account or another role, and looks 30 days ahead", () => {
    const ends = (until: number) => lapsing(act(0, until, "a"));
    const month = NOW + 30 * MICROSECONDS.day;
    expect(lapsingAct(ends(month), NOW)?.until).toBe(month);
    expect(lapsingAct(ends(month + 1), NOW)).toBeUndefined();
    expect(lapsingAct({ ...ends(month), active: false }, NOW)).toBeUndefined();
    expect(lapsingAct({ ...ends(month), role: "director" }, NOW)).toBeUndefined();
  });
});

describe("reviewDueSince", () => {
  const YEAR = 365 * MICROSECONDS.day;

  it.each<[string, Partial<Account>, number, number | undefined]>([
    ["not within a year of its making", {}, YEAR, undefined],
    ["a year after its making", {}, YEAR + 1, YEAR],
    ["a year after its review", { reviewed: { at: 5, by: "x" } }, YEAR + 6, YEAR + 5],
    ["not within a year of its review", { reviewed: { at: 5, by: "x" } }, YEAR + 5, undefined],
    ["never for a closed account", { active: false }, 9 * YEAR, undefined],
  ])("%s", (_what, over, at, expected) => {
    expect(reviewDueSince({ active: true, created: 0, ...over }, at)).toBe(expected);
  });
});

describe("a person", () => {
  const sealed = { at: 0, by: "x" };
  const access = (holder?: string) => ({
    name: "Secours 1",
    emergency: { sealed, opened: null, ...(holder !== undefined && { holder }) },
  });

  it("is called by who opened an access, before the name of the access", () => {
    expect(calledName({ name: "Anne Morel" })).toBe("Anne Morel");
    expect(calledName(access() as Account)).toBe("Secours 1");
    expect(calledName(access("Anne Morel") as Account)).toBe("Anne Morel (Secours 1)");
  });

  it.each<[string, Parameters<typeof samePerson>[0], Parameters<typeof samePerson>[0], boolean]>([
    ["of one name", { name: "Anne Morel" }, { name: "Anne Morel" }, true],
    ["of two names", { name: "Anne Morel" }, { name: "Luc Petit" }, false],
    ["of one family", { name: "Anne Morel" }, { name: "Luc Morel" }, false],
    ["in another order, case and accents", { name: "Hélène NOËL" }, { name: "noel helene" }, true],
    ["with hyphens and blanks", { name: "Jean-Paul  Roux" }, { name: "Roux, Jean Paul " }, true],
    ...["Dr", "Docteur", "Pr", "Professeur", "M.", "Mme", "Monsieur", "Madame"].map(
      (title) => [`with ${title}`, { name: `${title} Anne Morel` }, { name: "Anne Morel" }, true] as never,
    ),
    ["with a number", { name: "Poste 1" }, { name: "Poste 2" }, false],
    ["of one identity", { name: "a", identity: "x" }, { name: "b", identity: "x" }, true],
    ["of two identities", { name: "a", identity: "x" }, { name: "b", identity: "y" }, false],
    ["without identities", { name: "a" }, { name: "b" }, false],
    ["of which one opened an access", access("Anne Morel"), { name: "Anne Morel" }, true],
    ["of which one is opened by the other", { name: "Anne Morel" }, access("Anne Morel"), true],
    ["of accesses that nobody opened", access(), { ...access(), name: "Secours 2" }, false],
    ["of no name that counts", { name: "Dr" }, { name: "—" }, false],
  ])("has two accounts %s", (_what, a, b, expected) => {
    expect(samePerson(a, b)).toBe(expected);
  });
});
