import { describe, expect, it } from "vitest";
import { EVE, LUC, openDeciding, PAUL, PROOF, REMI } from "../../../test/support/deciding.ts";
import { fc } from "../../../test/support/property.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const ACTS = [
  "approve",
  "aside",
  "confirm",
  "end",
  "edit",
  "answer",
  "hand",
  "back",
  "record",
  "hear",
] as const;
const WHO = ["anne", "paul", "luc"] as const;

describe("people who act at once on one text", () => {
  it("leave one decision a version, bound to the bytes that stood, and tell the others what happened", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.constantFrom(...WHO)), { minLength: 2, maxLength: 8 }),
        async (acts) => {
          const night = await openDeciding();
          try {
            const { desk, clock } = night.stages;
            const people = { anne: night.anne, paul: PAUL, luc: LUC };
            const text = await night.text();
            const typed = text.sha256.slice(0, 6);
            const reason = "Exercice interne de l'astreinte.";
            const fields = [{ id: "measures", value: "Serveurs isolés.", unknown: false }];
            const run = {
              approve: (who: keyof typeof people) => desk.approve(text, PROOF, people[who]),
              aside: (who: keyof typeof people) => desk.setAside(text, reason, PROOF, people[who]),
              confirm: (who: keyof typeof people) => desk.confirmSetAside(text, PROOF, people[who]),
              end: (who: keyof typeof people) => desk.endSetAside(text, reason, people[who]),
              edit: () => desk.amend({ text, fields }, REMI),
              answer: () =>
                desk.answer({ incident: night.id, question: "care_diverted", answer: "yes" }, EVE),
              hand: (who: keyof typeof people) =>
                desk.handOver({ incident: night.id, to: PAUL.id, comment: "" }, people[who]),
              back: (who: keyof typeof people) => desk.sendBack(text, reason, people[who]),
              record: () =>
                desk.recordOral({ text, number: "0123", typed, delegate: night.anne.id }, PROOF, EVE),
              hear: () => desk.hearOral({ text, typed }, PROOF, REMI),
            };
            const done = await Promise.all(acts.map(([act, who]) => run[act](who)));
            clock.pass(1);
            const { decisions, declarations, steps } = await night.dossier();
            const wins = done.filter(({ outcome }) => outcome === "approved" || outcome === "set_aside");
            expect(decisions).toHaveLength(wins.length);
            expect(new Set(decisions.map(({ version }) => version)).size).toBe(decisions.length);
            for (const { version, sha256, decision } of decisions)
              expect(declarations.find((each) => each.version === version)).toMatchObject({
                sha256,
                state: decision,
              });
            expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
            for (const each of done)
              if (each.outcome === "refused")
                expect(each).toMatchObject({ because: expect.stringMatching(/\S/) });
              else if (each.outcome === "stale")
                expect(each).not.toMatchObject({ current: { sha256: text.sha256 } });
            for (const { decision, second, delegate } of decisions)
              if (decision === "set_aside" && second !== undefined)
                expect(second.by.account).not.toBe(delegate.account);
          } finally {
            await night.stages.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe("two processes on one record", () => {
  it("leave one decision, and the later one is told of the first", async () => {
    const night = await openDeciding();
    const other = await night.stages.restart();
    const text = await night.text();
    const done = await Promise.all([
      night.stages.desk.approve(text, PROOF, night.anne),
      other.desk.setAside(text, "Exercice interne.", PROOF, PAUL),
      other.desk.approve(text, PROOF, night.anne),
    ]);
    const { decisions } = await night.dossier();
    expect(decisions).toHaveLength(1);
    expect(done.filter(({ outcome }) => outcome === "approved")).toHaveLength(1);
    expect(done.find(({ outcome }) => outcome === "refused")).toMatchObject({ code: "already_decided" });
    await night.stages.close();
  });
});

describe("what is approved and not filed", () => {
  it("is called to mind at growing intervals, the director from the third time on, and never again once filed", async () => {
    const night = await openDeciding();
    const { desk, clock, sweeper, messages, setup } = night.stages;
    Object.assign(setup, { notify: [...setup.notify, { id: "rssi", for: ["director"] }] });
    await desk.approve(await night.text(), PROOF, night.anne);
    const approved = clock.now();
    const calls: [number, number][] = [];
    for (let minute = 5; minute <= 400; minute += 5) {
      clock.set(approved + minute * MICROSECONDS.minute);
      await sweeper.sweep();
      const count = messages.splice(0).filter(({ event }) => event === "not_filed").length;
      if (count > 0) calls.push([minute, count]);
    }
    expect(calls).toEqual([
      [15, 1],
      [30, 1],
      [45, 2],
      [75, 2],
      [105, 2],
      [165, 2],
      [225, 2],
      [345, 2],
    ]);
    const [delivery] = (await night.dossier()).deliveries;
    await desk.recordFiling(
      { incident: night.id, delivery: delivery?.id ?? "", reference: "SIG-1" },
      night.anne,
    );
    clock.pass(24 * 60);
    await sweeper.sweep();
    expect(messages.map(({ event }) => event)).not.toContain("not_filed");
    await night.stages.close();
  });
});
