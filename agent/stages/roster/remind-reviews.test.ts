import { afterEach, describe, expect, it } from "vitest";
import { openStages, type Stages } from "../../../test/support/pipeline.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { Account, lapsingAct, REVIEW_EVERY, reviewDueSince } from "../../core/person.ts";
import { isReviewReminder, planReviews } from "./remind-reviews.ts";
import { startCalls } from "./start-calls.ts";

const { day } = MICROSECONDS;
const AT = Date.UTC(2026, 10, 22, 2) * 1000;
const person = (more: object) =>
  Account.parse({
    id: "a",
    login: "a",
    name: "Anne Martin",
    role: "delegate",
    created: AT - 10 * day,
    ...more,
  });
const act = (from: Instant, until: Instant | null, document = "2026-1") => ({
  from,
  until,
  by: "Le directeur",
  document,
  scope: "",
  published: "",
  recorded: { at: AT, by: "x" },
});

describe("the review of an account", () => {
  it.each([
    ["made ten days ago", {}, undefined],
    ["made a year ago", { created: AT - REVIEW_EVERY }, undefined],
    ["made a year and a day ago", { created: AT - REVIEW_EVERY - day }, AT - day],
    ["reviewed since", { created: 0, reviewed: { at: AT - day, by: "x" } }, undefined],
    ["reviewed long ago", { created: 0, reviewed: { at: AT - 400 * day, by: "x" } }, AT - 35 * day],
    ["closed", { created: 0, active: false }, undefined],
  ])("is due or not: %s", (_what, more, since) => {
    expect(reviewDueSince(person(more), AT)).toBe(since);
  });
});

describe("a delegation", () => {
  it.each([
    ["none recorded", undefined, undefined],
    ["without an end", [act(0, null)], undefined],
    ["that ends in 31 days", [act(0, AT + 31 * day)], undefined],
    ["that ends in 30 days", [act(0, AT + 30 * day)], AT + 30 * day],
    ["that ends tomorrow and is followed", [act(0, AT + day), act(AT + day, AT + 200 * day)], undefined],
    ["followed by one without an end", [act(0, AT + day), act(AT, null)], undefined],
    ["followed after a gap", [act(0, AT + day), act(AT + 2 * day, null)], AT + day],
    ["followed by one as short", [act(0, AT + day), act(AT, AT + 9 * day)], AT + 9 * day],
    ["that has ended", [act(0, AT - day)], undefined],
  ])("asks for a new act or not: %s", (_what, delegations, until) => {
    expect(lapsingAct(person({ delegations }), AT)?.until).toBe(until);
  });

  it("of who needs none asks for nothing", () => {
    expect(lapsingAct(person({ role: "rssi", delegations: [act(0, AT + day)] }), AT)).toBeUndefined();
  });
});

describe("the reminder of reviews", () => {
  let stages: Stages;
  afterEach(() => stages?.close());
  const reminders = () => stages.messages.filter(({ event }) => event === "review_due");
  const open = async (accounts: readonly Account[], mode?: "observe") => {
    stages = await openStages({ accounts, ...(mode && { mode }) });
    stages.clock.set(AT);
    await startCalls({ ...stages, log: { info: () => undefined, warn: () => undefined } });
  };
  /** Months go by, an hour at a time where something is due. */
  const until = async (to: Instant) => {
    for (let at = stages.clock.now(); at <= to; at += 6 * MICROSECONDS.hour) {
      stages.clock.set(at);
      await stages.sweeper.sweep();
    }
  };

  it("waits for the morning, names who waits, and comes again each month until it is done", async () => {
    await open([person({ created: 0 }), person({ id: "b", login: "b", name: "Benoît", created: AT - day })]);
    await stages.sweeper.sweep();
    expect(reminders()).toEqual([]);
    await until(AT + day);
    expect(reminders()).toHaveLength(1);
    expect(reminders()[0]).toMatchObject({
      incident: null,
      exercise: true,
      link: "https://tocsin.example/personnes",
      text: expect.stringContaining("Sans revue depuis plus d'un an : Anne Martin."),
    });
    await until(AT + 45 * day);
    expect(reminders()).toHaveLength(3);
    const stored = await stages.store.reads.record("ch-exemple", "account", "a");
    await stages.store.commit({
      facility: "ch-exemple",
      at: stages.clock.now(),
      writes: [
        {
          write: "record",
          kind: "account",
          id: "a",
          revision: 2,
          incident: null,
          state: "delegate",
          content: { ...(stored?.content as Account), reviewed: { at: stages.clock.now(), by: "Rémi" } },
        },
      ],
    });
    await until(AT + 120 * day);
    expect(reminders()).toHaveLength(3);
    // Nothing to say, and still looked at every month.
    const planned = await stages.store.reads.effectsIn("ch-exemple", ["planned"], 100);
    expect(planned.filter(({ payload }) => isReviewReminder(payload))).toHaveLength(1);
  });

  it("tells of a delegation that ends within a month", async () => {
    await open([person({ delegations: [act(0, AT + 20 * day)] })]);
    await until(AT + day);
    expect(reminders()[0]?.text).toMatch(
      /Délégations qui finissent d'ici un mois : Anne Martin \(12\/12\/2026/,
    );
  });

  it("tells on the first of a month of what ends with its last day, however long it is", async () => {
    // Midnight in Paris after 31 December.
    await open([person({ delegations: [act(0, Date.UTC(2026, 11, 31, 23) * 1000)] })]);
    await until(Date.UTC(2026, 11, 2) * 1000);
    expect(reminders().map(({ text }) => text)).toEqual([expect.stringContaining("Anne Martin (01/01/2027")]);
  });

  it("is planned once, however often the daemon starts, and by nobody who observes", async () => {
    await open([person({ created: 0 })]);
    await startCalls({ ...stages, log: { info: () => undefined, warn: () => undefined } });
    await until(AT + 2 * day);
    expect(reminders()).toHaveLength(1);
    expect(planReviews(AT, { ...stages.setup, mode: "observe" })).toEqual([]);
  });
});
