import { afterEach, describe, expect, it, vi } from "vitest";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { rosterOf } from "../../../test/support/rosters.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { Account } from "../../core/person.ts";
import { checkPeople } from "./check-people.ts";
import { planHandover } from "./handover.ts";
import { startCalls } from "./start-calls.ts";

const CALLS = {
  remindAfter: MICROSECONDS.hour,
  nextAfter: MICROSECONDS.hour,
  delegateAfter: MICROSECONDS.hour,
  rounds: 1,
};
const person = (login: string, over: Partial<Account> = {}) =>
  Account.parse({
    id: login,
    login,
    name: login.toUpperCase(),
    role: "operator",
    phone: "+33612345678",
    created: 0,
    ...over,
  });
const SMS = [{ id: "sms", for: ["on_call" as const], reaches: "phone" as const }];

let stages: Stages;
afterEach(() => stages?.close());

const silent = { info: () => undefined, warn: () => undefined };
async function open(people: readonly Account[], names = ["paul"]) {
  stages = await openStages({
    channels: SMS,
    calls: { ...CALLS, rosters: rosterOf({ on_call: names }) },
    accounts: people,
  });
  stages.setup.handover = { at: "08:30" };
}
const start = () =>
  startCalls({ store: stages.store, setup: stages.setup, clock: stages.clock, log: silent });
const mornings = () => stages.messages.filter(({ event }) => event === "handover");

describe("the morning's message", () => {
  it("goes once a morning to who is on call, with numbers and nothing that tells of a patient or a machine", async () => {
    await open([person("paul")]);
    await start();
    await start();
    await stages.take(DELETED, NOTE);
    for (let hour = 0; hour < 48; hour++) {
      while ((await stages.sweeper.sweep()) > 0);
      stages.clock.pass(60);
    }
    expect(mornings()).toHaveLength(2);
    expect(new Set(mornings().map(({ key }) => key)).size).toBe(2);
    expect(mornings()[0]?.text).toMatch(/En 24 heures : 1 incident\. À suivre : 1, dont 1 en attente/);
    expect(mornings()[0]?.text).not.toMatch(/pacs|2026-0001/i);
    expect(mornings()[0]?.link).toBe("https://tocsin.example/releve");
  });

  it("is one after days without the daemon, and none when the morning is over", async () => {
    await open([person("paul")]);
    await start();
    stages.clock.pass(3 * 24 * 60 + 12 * 60);
    while ((await stages.sweeper.sweep()) > 0);
    expect(mornings()).toEqual([]);
    stages.clock.pass(24 * 60);
    while ((await stages.sweeper.sweep()) > 0);
    expect(mornings().length).toBeLessThanOrEqual(1);
  });

  it.each([
    // 15 November, 02:00 in Paris.
    [0, "2026-11-15T07:30:00.000Z"],
    [6 * 60, "2026-11-15T07:30:00.000Z"],
    [7 * 60, "2026-11-16T07:30:00.000Z"],
  ])("is planned %i minutes later for %s", async (minutes, due) => {
    await open([person("paul")]);
    const [write] = planHandover(stages.setup, stages.clock.now() + minutes * MICROSECONDS.minute);
    expect(write?.write === "plan" && new Date(write.effect.due / 1000).toISOString()).toBe(due);
  });
});

describe("people of a roster", () => {
  it.each<[string, readonly Account[], string]>([
    ["without an account", [], "roster_unknown_person"],
    ["whose account is closed", [person("paul", { active: false })], "roster_unknown_person"],
    [
      "named like two accounts",
      [person("a", { name: "paul" }), person("b", { name: "Paul" })],
      "roster_unknown_person",
    ],
    ["without a number", [person("paul", { phone: "", email: "paul@ch.example" })], "roster_no_contact"],
    ["with a number that is none", [person("paul", { phone: "poste" })], "roster_no_contact"],
  ])("%s keep the daemon from starting, with where and what to do", async (_, people, code) => {
    await open(people);
    const { calls } = stages.setup;
    const [problem] =
      calls === undefined
        ? []
        : checkPeople(stages.setup, { book: calls.rosters.current(), accounts: people });
    expect(problem).toMatchObject({ code, where: "roster.csv:2", remedy: expect.any(String) });
    await expect(start()).rejects.toThrow(/paul/i);
  });

  it.each(["paul", "PAUL", " p.durand@ch.example ", "Paul  Durànd"])("are found by %j", async (named) => {
    await open([person("paul", { name: "Paul Durand", email: "p.durand@ch.example" })], [named]);
    await expect(start()).resolves.toMatchObject({ stop: expect.any(Function) });
  });
});

describe("rosters that change", () => {
  it("are noted when the daemon starts, and within a minute while it runs, each once", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      await open([person("paul")]);
      const { calls, facility } = stages.setup;
      const book = calls?.rosters.current();
      if (calls === undefined || book === undefined) throw new Error("no rosters");
      let sha256 = book.sha256;
      calls.rosters = { current: () => ({ ...book, sha256 }) };
      const { stop } = await start();
      const noted = async () =>
        (await stages.store.reads.journal(facility.id, 1, 1000)).flatMap(({ type, content }) =>
          type === "note.rosters_changed" ? [JSON.parse(content ?? "null")] : [],
        );
      expect(await noted()).toHaveLength(1);
      sha256 = "1".repeat(64);
      vi.advanceTimersByTime(60_000);
      await vi.waitFor(async () => expect(await noted()).toHaveLength(2));
      vi.advanceTimersByTime(60_000);
      await stop();
      expect((await noted()).at(-1)).toMatchObject({ sha256, before: book.sha256 });
      expect(await noted()).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});
