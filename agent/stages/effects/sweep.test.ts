import { afterEach, describe, expect, it, vi } from "vitest";
import type { Attempt } from "../../../connectors/contract.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../../test/support/set-aside.ts";
import type { Effect } from "../../core/effect.ts";

let stages: Stages;
afterEach(() => stages?.close());

const effects = async (): Promise<Effect[]> =>
  stages.store.reads.effectsIn("ch-exemple", ["planned", "claimed", "done", "failed", "uncertain"], 100);
const notification = async () => (await effects()).find((effect) => effect.kind === "notify");

/** An incident stated by hand, whose text is approved at once. */
async function openAndApprove(number: number): Promise<string> {
  const { desk, setup, delegate } = stages;
  const text = `Service ${number} sur papier.`;
  const statement = { form: setup.newId(), kinds: ["degraded_mode" as const], systems: ["pacs"], text };
  const opened = await desk.openByHand({ ...statement, source: { who: "care", name: "Mme Roux" } }, delegate);
  const incident = opened.outcome === "opened" ? opened.incident : "";
  const { id, version, sha256 } = (await desk.dossier(incident))?.current?.declaration ?? {
    id: "",
    version: 0,
    sha256: "",
  };
  const exact = { incident, declaration: id, version, sha256 };
  return (await desk.approve(exact, { channel: "web", second_factor: "totp" }, delegate)).outcome;
}

describe("telling people", () => {
  it.each<[string, Attempt, boolean, string, number]>([
    ["is done when it was delivered", { outcome: "delivered", because: "HTTP 204" }, true, "done", 1],
    [
      "is failed, for a person to see, when it was refused",
      { outcome: "refused", because: "HTTP 410" },
      true,
      "failed",
      1,
    ],
    [
      "is tried again when nobody could be reached",
      { outcome: "unreachable", because: "ECONNREFUSED" },
      true,
      "done",
      2,
    ],
    [
      "is tried again when in doubt and the receiver knows a repeat",
      { outcome: "uncertain", because: "timeout" },
      true,
      "done",
      2,
    ],
    [
      "is left uncertain when in doubt and a repeat would be a second message",
      { outcome: "uncertain", because: "timeout" },
      false,
      "uncertain",
      1,
    ],
  ])("%s", async (_, attempt, repeatable, state, attempts) => {
    stages = await openStages({ repeatable });
    stages.answers.push(attempt);
    await stages.take(DELETED);
    await stages.sweeper.sweep();
    stages.clock.pass(1);
    await stages.sweeper.sweep();
    expect(await notification()).toMatchObject({ state, attempt: attempts });
    expect(stages.messages).toHaveLength(attempts);
    expect(new Set(stages.messages.map(({ key }) => key)).size).toBe(1);
  });

  it("goes on while a portal hangs, which is sent no more than a few at once", async () => {
    let hung = 0;
    let letGo: () => void = () => undefined;
    const free = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const send = async (): Promise<Attempt> => {
      hung++;
      await free;
      return { outcome: "delivered", because: "HTTP 201", reference: `R-${hung}` };
    };
    stages = await openStages({
      mode: "live",
      ways: [{ id: "concentrateur", reach: "authority" }],
      carriers: new Map([["concentrateur", { repeatable: true, send }]]),
    });
    const opened = await Promise.all(Array.from({ length: 20 }, (_, i) => openAndApprove(i)));
    const sweeping = stages.sweeper.sweep();
    await vi.waitFor(() => expect(hung).toBe(16));
    expect(await openAndApprove(20)).toBe("approved");
    expect(await stages.sweeper.sweep()).toBeGreaterThan(0);
    expect(hung).toBe(16);
    expect(stages.messages.length).toBeGreaterThan(0);
    letGo();
    await sweeping;
    while ((await stages.sweeper.sweep()) > 0);
    expect(hung).toBe(opened.length + 1);
  });

  it.each([
    [3, 3],
    [8, 1],
  ])("tells %d openings that a long stop held up in %d messages", async (openings, messages) => {
    stages = await openStages();
    for (let i = 0; i < openings; i++) {
      const text = `Service ${i} sur papier.`;
      const statement = { form: stages.setup.newId(), kinds: ["degraded_mode" as const], systems: [], text };
      const source = { who: "care" as const, name: "Mme Roux" };
      const opened = await stages.desk.openByHand({ ...statement, source }, stages.delegate);
      expect(opened.outcome).toBe("opened");
    }
    stages.clock.pass(7 * 24 * 60);
    while ((await stages.sweeper.sweep()) > 0);
    const told = stages.messages.filter(({ event }) => event === "incident_opened");
    expect(told).toHaveLength(messages);
    if (messages === 1)
      expect(String(told[0]?.text)).toMatch(
        /Tocsin était arrêté ou retardé ; ces incidents attendent : 2026-0001/,
      );
    const left = (await effects()).filter(({ kind, state }) => kind === "notify" && state === "planned");
    expect(left).toEqual([]);
  });

  it("waits longer after each failure and gives up after a bounded number of attempts", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    stages.answers.push(
      ...Array.from({ length: 50 }, (): Attempt => ({ outcome: "unreachable", because: "ECONNREFUSED" })),
    );
    for (let minutes = 0; minutes < 24 * 60; minutes += 5) {
      await stages.sweeper.sweep();
      stages.clock.pass(5);
    }
    expect(await notification()).toMatchObject({ state: "failed", attempt: 12 });
    expect(stages.messages).toHaveLength(12);
  });

  it("tells nobody of a decision that is needed no more", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const dossier = await stages.desk.dossier(first?.incident.id ?? "");
    const { id, version, sha256 } = dossier?.current?.declaration ?? { id: "", version: 0, sha256: "" };
    await setAsideByTwo(
      stages,
      { incident: first?.incident.id ?? "", declaration: id, version, sha256 },
      "Exercice interne.",
    );
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened"]);
  });
});

describe("a process that stopped between the intent and the receipt", () => {
  async function stopAfterClaim(kind: Effect["kind"], repeatable: boolean) {
    stages = await openStages({ repeatable });
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const incident = first?.incident.id ?? "";
    if (kind === "deliver") {
      await stages.sweeper.sweep();
      const { declaration } = (await stages.desk.dossier(incident))?.current ?? {};
      const text = {
        incident,
        declaration: declaration?.id ?? "",
        version: declaration?.version ?? 0,
        sha256: declaration?.sha256 ?? "",
      };
      await stages.desk.approve(text, { channel: "web", second_factor: "totp" }, stages.delegate);
    }
    const effect = (await effects()).find((each) => each.kind === kind && each.state === "planned");
    if (effect === undefined) throw new Error("nothing was planned");
    if (kind === "deliver") {
      // What the sweep writes before its call: the delivery is visibly being sent.
      await stages.pipeline.act(incident, (work) => {
        work.deliveries = work.deliveries.map((each) => ({ ...each, state: "sending" as const }));
        work.beside.push({
          write: "claim",
          key: effect.key,
          fence: effect.fence,
          owner: "the one that stopped",
        });
      });
    } else {
      await stages.store.commit({
        facility: "ch-exemple",
        at: stages.clock.now(),
        writes: [{ write: "claim", key: effect.key, fence: effect.fence, owner: "the one that stopped" }],
      });
    }
    const again = await stages.restart();
    await again.sweeper.recover();
    await again.sweeper.sweep();
    const after = (await effects()).find((each) => each.key === effect.key);
    const delivery =
      (await stages.desk.dossier(incident))?.deliveries[0] ??
      (await again.desk.dossier(incident))?.deliveries[0];
    return { again, after, delivery, incident };
  }

  it("does not send again what a receiver could not recognise: it is uncertain and shown", async () => {
    const { again, after } = await stopAfterClaim("notify", false);
    expect(after?.state).toBe("uncertain");
    expect(again.messages.filter(({ event }) => event === "incident_opened")).toEqual([]);
  });

  it("sends again, under the same key, where the receiver recognises a repeat", async () => {
    const { again, after } = await stopAfterClaim("notify", true);
    expect(after?.state).toBe("done");
    expect(again.messages.map(({ key }) => key)).toContain(after?.key);
  });

  it("leaves a filing uncertain until a person records what the portal says", async () => {
    const { again, after, incident } = await stopAfterClaim("deliver", false);
    expect(after?.state).toBe("uncertain");
    expect(again.filings).toEqual([]);
    const dossier = await again.desk.dossier(incident);
    expect(dossier?.deliveries[0]?.state).toBe("uncertain");
    expect(dossier?.incident.state).toBe("approved");
    const recorded = await again.desk.recordFiling(
      { incident, delivery: dossier?.deliveries[0]?.id ?? "", reference: "2026-SIG-7" },
      again.delegate,
    );
    expect(recorded.outcome).toBe("recorded");
  });
});
