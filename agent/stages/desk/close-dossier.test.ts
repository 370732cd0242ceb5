import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../../test/support/set-aside.ts";
import { INCIDENT_TRANSITIONS, type IncidentState } from "../../core/incident.ts";
import type { Actor } from "../person-act.ts";
import type { Work } from "../work.ts";
import { notClosable } from "./close-dossier.ts";

const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
const REASON = "Tout est rétabli, la résolution est annoncée.";
const PROOF = { channel: "web", second_factor: "totp" } as const;

let stages: Stages;
beforeEach(async () => {
  stages = await openStages();
});
afterEach(() => stages.close());

async function dossier() {
  const [first] = await stages.desk.incidents({ limit: 1 });
  const found = first && (await stages.desk.dossier(first.incident.id));
  if (found === undefined) throw new Error("no incident");
  return found;
}
const stateNow = async () => (await dossier()).incident.state;
const id = async () => (await dossier()).incident.id;

async function textSeen() {
  const { incident, current } = await dossier();
  if (current === undefined) throw new Error("no text");
  const { id: declaration, version, sha256 } = current.declaration;
  return { incident: incident.id, declaration, version, sha256 };
}
const settle = async () => {
  while ((await stages.sweeper.sweep()) > 0);
};
/** Approves the text that stands, and files it. */
async function declare() {
  await stages.desk.takeUp(await id(), stages.delegate);
  expect(await stages.desk.approve(await textSeen(), PROOF, stages.delegate)).toMatchObject({
    outcome: "approved",
  });
  await settle();
}
async function setAside() {
  const reason = "Rien de plus que ce qui est déclaré.";
  const done = await setAsideByTwo(stages, await textSeen(), reason);
  expect(done.outcome).toBe("set_aside");
}
/** A PACS encrypted and down, declared. */
async function declared() {
  await stages.take(DELETED, NOTE, down("pacs-01", 1));
  await declare();
  expect(await stateNow()).toBe("declared");
}
/** The outage is over, and the complement that it called for is set aside. */
async function over() {
  await declared();
  stages.clock.pass(60);
  const { facts, incident } = await dossier();
  const outage = facts.find(({ kind }) => kind === "system_unavailable");
  const source = { who: "self", name: "" } as const;
  await stages.desk.endFact({ incident: incident.id, fact: outage?.id ?? "", source }, stages.delegate);
  expect(await stateNow()).toBe("facts_ended");
  if ((await dossier()).current?.declaration.state === "draft") await setAside();
}
const close = async (actor: Actor = stages.delegate, reason = REASON) =>
  stages.desk.closeByHand({ incident: await id(), reason, withoutNotice: true }, actor);

describe("what was declared and is over", () => {
  it("is closed by who may declare, with a reason, and says who and why", async () => {
    await over();
    expect((await dossier()).keptOpen).toBeNull();
    expect(await close()).toEqual({ outcome: "closed" });
    const { incident, qualification } = await dossier();
    expect(incident).toMatchObject({
      state: "closed",
      because: `Clos par Anne Martin : ${REASON}`,
      closure: { writer: "Anne Martin", reason: REASON, from: "facts_ended", at: stages.clock.now() },
    });
    // A declaration stays one: it is no non-declaration of the month, and its criteria stay met.
    expect(incident.closed_by).toBeUndefined();
    expect(qualification?.verdict).toBe("declare");
    expect((await stages.desk.closings("2026-11")).closings).toEqual([]);
  });

  it("is closed by nobody else, nor without a reason", async () => {
    await over();
    expect(await close(RSSI)).toMatchObject({ outcome: "refused", code: "not_allowed" });
    expect(await close(stages.delegate, " ")).toMatchObject({ outcome: "refused", code: "reason_missing" });
    expect(await stateNow()).toBe("facts_ended");
  });

  it("swallows nothing once closed: what follows is another incident that cites it", async () => {
    await over();
    const closed = await id();
    await close();
    await stages.take({ ...DELETED, minute: 70 });
    const follower = await dossier();
    expect(follower.incident.id).not.toBe(closed);
    expect(follower.incident.follows).toEqual([closed]);
    expect((await stages.desk.dossier(closed))?.incident).toMatchObject({ state: "closed", alerts: 3 });
  });

  it("takes neither fact nor answer any more", async () => {
    await over();
    await close();
    const incident = await id();
    const answer = { incident, question: "degraded_mode", answer: "yes" };
    expect(await stages.desk.answer(answer, stages.delegate)).toMatchObject({ code: "over" });
  });

  it("is opened again where it stood, with a reason, and can be closed again", async () => {
    await over();
    await close();
    const incident = await id();
    const reason = "Le PACS est retombé cette nuit.";
    expect(await stages.desk.reopen({ incident, reason }, RSSI)).toEqual({ outcome: "reopened" });
    const { incident: again } = await dossier();
    expect(again).toMatchObject({ state: "facts_ended", because: `Rouvert par Rémi Roy : ${reason}` });
    expect(again.closure).toBeUndefined();
    expect(await stages.desk.reopen({ incident, reason }, RSSI)).toMatchObject({ code: "not_closed" });
    expect(await close()).toEqual({ outcome: "closed" });
  });

  it("needs no end where nothing that was found can end", async () => {
    await stages.take(DELETED, NOTE);
    await declare();
    if ((await dossier()).current?.declaration.state === "draft") await setAside();
    expect(await stateNow()).toBe("declared");
    expect(await close()).toEqual({ outcome: "closed" });
    await stages.desk.reopen({ incident: await id(), reason: REASON }, RSSI);
    expect(await stateNow()).toBe("declared");
  });
});

describe("a dossier is not closed", () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ["while it waits for a decision", () => stages.take(DELETED, NOTE), "not_decided"],
    ["while something that was found lasts", declared, "state_lasts"],
    [
      "while a text waits for a decision",
      async () => {
        await over();
        const incident = await id();
        const statement = {
          form: stages.desk.newForm(),
          kinds: ["data_disclosed" as const],
          systems: ["pacs"],
          source: { who: "self" as const, name: "" },
          text: "",
        };
        await stages.desk.stateFacts(incident, statement, stages.delegate);
      },
      "text_undecided",
    ],
    [
      "while an approved text is not filed",
      async () => {
        await stages.close();
        stages = await openStages({ reach: "assisted" });
        await stages.take(DELETED, NOTE);
        await declare();
      },
      "not_decided",
    ],
  ])("%s", async (_, begin, code) => {
    await begin();
    expect(await close()).toMatchObject({ outcome: "refused", code });
    expect((await dossier()).keptOpen).toMatch(/\.$/);
  });

  it.each<[string, (work: Work) => Partial<Work>, string]>([
    [
      "while a help call or an information has not arrived for certain",
      ({ deliveries }) => ({ deliveries: deliveries.map((each) => ({ ...each, state: "uncertain" })) }),
      "delivery_unsettled",
    ],
    [
      "while one of its texts was approved and not filed",
      ({ declarations }) => ({
        declarations: declarations.map((each, i) => (i === 0 ? { ...each, state: "approved" } : each)),
      }),
      "not_filed",
    ],
  ])("%s", async (_, change, code) => {
    await over();
    const work = await stages.pipeline.view(await id());
    if (work === undefined) throw new Error("no incident");
    expect(notClosable({ ...work, ...change(work) }, stages.setup)).toMatchObject({ code });
  });

  it("while a complement that was approved is not filed", async () => {
    await stages.close();
    stages = await openStages({ reach: "assisted" });
    await stages.take(DELETED, NOTE);
    const file = async () => {
      await stages.desk.takeUp(await id(), stages.delegate);
      await stages.desk.approve(await textSeen(), PROOF, stages.delegate);
      const planned = (await dossier()).deliveries.find(({ state }) => state === "planned");
      const filing = { incident: await id(), delivery: planned?.id ?? "", reference: "ARS-2026-1" };
      return stages.desk.recordFiling(filing, stages.delegate);
    };
    expect((await file()).outcome).toBe("recorded");
    await stages.take(down("pacs-01", 5), { ...NOTE, host: "dpi-01", minute: 6 });
    expect((await dossier()).current?.declaration.state).toBe("draft");
    expect(await close()).toMatchObject({ outcome: "refused" });
    await stages.desk.approve(await textSeen(), PROOF, stages.delegate);
    expect(await stateNow()).toBe("approved");
    expect(await close()).toMatchObject({ code: "not_decided" });
  });
});

describe("what was set aside", () => {
  it("is closed by who decided, and goes back to set aside when it is opened again", async () => {
    await stages.take(DELETED, NOTE);
    await stages.desk.takeUp(await id(), stages.delegate);
    await setAside();
    expect(await stateNow()).toBe("set_aside");
    expect(await close()).toEqual({ outcome: "closed" });
    await stages.desk.reopen({ incident: await id(), reason: REASON }, RSSI);
    expect(await stateNow()).toBe("set_aside");
  });
});

describe("the table of an incident's life", () => {
  it("leads from watching to closed, and back only where it was", () => {
    const reachable = new Set<IncidentState>(["candidate"]);
    for (const state of reachable) for (const next of INCIDENT_TRANSITIONS[state]) reachable.add(next);
    expect([...reachable].sort()).toEqual(Object.keys(INCIDENT_TRANSITIONS).sort());
    const closing = (Object.keys(INCIDENT_TRANSITIONS) as IncidentState[]).filter((state) =>
      INCIDENT_TRANSITIONS[state].includes("closed"),
    );
    expect(closing).toEqual(["candidate", "facts_ended", "set_aside"]);
    expect([...INCIDENT_TRANSITIONS.closed].sort()).toEqual(["declared", "facts_ended", "open", "set_aside"]);
  });
});
