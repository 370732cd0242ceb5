import { afterEach, describe, expect, it } from "vitest";
import { DPO, type DutyScene, openDutyScene, person, REASON } from "../../../test/support/duty-scene.ts";
import { PROOF } from "../../../test/support/night.ts";
import type { StagesOptions } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Account, Role } from "../../core/person.ts";

const LATE = "L'ampleur n'était pas connue avant ce jour.";
const CHANNELS: StagesOptions["channels"] = [
  { id: "astreinte", for: ["on_call"] },
  { id: "deleguee", for: ["delegate"] },
  { id: "dpd", for: ["dpo"] },
  { id: "direction", for: ["director"] },
];

let scene: DutyScene;
afterEach(() => scene.stages.close());

const begin = async (options: StagesOptions = {}) => {
  scene = await openDutyScene({ channels: CHANNELS, ...options });
};
/** Carries out all that is due, and what that makes due within two minutes. */
async function sweep(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    while ((await scene.stages.sweeper.sweep()) > 0);
    scene.stages.clock.pass(2);
  }
  while ((await scene.stages.sweeper.sweep()) > 0);
}
const told = (channel?: string) =>
  scene.stages.sent
    .filter(
      (each) => each.message.event === "duty_due" && (channel === undefined || each.channel === channel),
    )
    .map(({ message }) => message);
const texts = (channel: string) => told(channel).map(({ text }) => String(text));
/** Moves the clock to so many hours after the delay of the CNIL begins to count, and carries out what is due. */
async function atHour(hours: number): Promise<void> {
  const started = (await scene.clockOf("rgpd-33"))?.started ?? 0;
  scene.stages.clock.set(started + hours * MICROSECONDS.hour + MICROSECONDS.minute);
  await sweep();
}

describe("who approves another duty", () => {
  it("is told once that its text waits, by day, with the page of the duty", async () => {
    await begin();
    await sweep();
    expect(told()).toEqual([]);
    await atHour(10);
    await sweep();
    expect(texts("dpd")).toEqual([
      expect.stringMatching(
        /2026-0001, Violation de données personnelles \(CNIL\) : le texte attend d'être validé par : délégué à la protection des données ou directeur, à faire avant/,
      ),
    ]);
    expect(told("dpd")[0]?.link).toContain(`incidents/${scene.incident}/obligations/rgpd-33`);
    expect(told("dpd")[0]).toMatchObject({ exercise: true, incident: scene.incident });
    expect(texts("direction")).toEqual([expect.stringContaining("Plainte demandée par l'assurance")]);
    expect(told("direction")[0]?.link).toContain("/obligations/assurance-plainte");
    expect(texts("deleguee")).toEqual([]);
  });

  it("is told once when half the time has passed, twelve hours before its end, and when it is over", async () => {
    await begin();
    await atHour(10);
    await scene.settle();
    const before = texts("dpd").length;
    for (const hour of [34, 40, 47, 59, 60, 61, 71, 72, 73, 90, 200]) await atHour(hour);
    expect(texts("dpd").slice(before)).toEqual([
      expect.stringMatching(
        /la moitié du délai est passée, il reste 1 j .* h, avant .*le texte attend d'être validé par/,
      ),
      expect.stringMatching(/il ne reste que 11 h 5\d, avant le .* ; le texte attend d'être validé par/),
      expect.stringMatching(/délai dépassé depuis le .* ; la raison du retard sera demandée/),
    ]);
    expect(String(told("dpd").at(-1)?.subject)).toContain("DÉLAI DÉPASSÉ");
  });

  it("is told nothing twice by another process", async () => {
    await begin();
    await atHour(10);
    const before = told().length;
    expect(before).toBeGreaterThan(0);
    const { clock } = scene.stages;
    scene.stages = await scene.stages.restart();
    clock.pass(1);
    await scene.answer("high_risk", "yes");
    await sweep();
    expect(told()).toEqual([]);
    await atHour(61);
    expect(texts("dpd")).toEqual([expect.stringContaining("il ne reste que")]);
  });

  it("is told only how it stands after a week in which nothing ran", async () => {
    await begin();
    await atHour(7 * 24);
    expect(texts("dpd")).toEqual([expect.stringContaining("délai dépassé depuis le")]);
    expect(texts("direction")).toEqual([expect.stringContaining("délai dépassé depuis le")]);
  });

  it("gets one message of all that is due for one channel", async () => {
    await begin({ channels: [{ id: "tous", for: ["dpo", "director"] }] });
    await atHour(10);
    expect(texts("tous")).toEqual([expect.stringMatching(/Plainte demandée.*\. .*Violation de données/)]);
    expect(String(told("tous")[0]?.subject)).toContain("2 rappels d'autres obligations");
    expect(told("tous")[0]?.link).toMatch(/\/obligations$/);
  });

  it("is told at night of a duty that has no delay at all", async () => {
    await begin();
    await scene.harm();
    await scene.answer("serious_adverse_event", "yes");
    await sweep();
    expect(texts("direction")).toEqual([
      expect.stringMatching(
        /Événement indésirable grave.*le texte attend d'être validé par : directeur ou personne déléguée, sans délai/,
      ),
    ]);
    expect(texts("dpd")).toEqual([]);
  });

  it("is told of the next version that waits", async () => {
    await begin();
    await atHour(10);
    await scene.settle();
    await scene.approve("rgpd-33");
    await scene.notify("rgpd-33");
    const before = texts("dpd").length;
    await scene.answer("high_risk", "yes");
    await atHour(12);
    expect(texts("dpd").slice(before)).toEqual([
      expect.stringContaining("le texte attend d'être validé par"),
    ]);
  });

  it("is told that what was approved is not notified yet", async () => {
    await begin();
    await atHour(10);
    await scene.settle();
    await scene.approve("rgpd-33");
    await atHour(61);
    expect(texts("dpd").at(-1)).toContain("le texte est validé, PAS ENCORE NOTIFIÉ");
  });
});

describe("nobody is told any more of a duty", () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      "that was notified",
      async () => {
        await scene.settle();
        await scene.approve("rgpd-33");
        return scene.notify("rgpd-33");
      },
    ],
    [
      "that it was decided not to notify",
      async () =>
        scene.stages.desk.leaveUnnotified({ text: await scene.seen("rgpd-33"), reason: REASON }, PROOF, DPO),
    ],
    [
      "under the secret of national defence",
      () =>
        scene.stages.desk.flagSecret(
          { incident: scene.incident, holds: true, reason: REASON },
          scene.stages.delegate,
        ),
    ],
  ])("%s", async (_, act) => {
    await begin();
    await atHour(10);
    const before = texts("dpd").length;
    expect(await act()).not.toMatchObject({ outcome: "refused" });
    for (const hour of [37, 61, 73]) await atHour(hour);
    expect(texts("dpd")).toHaveLength(before);
  });

  it("that was met late, once the reason was given", async () => {
    await begin();
    await atHour(73);
    await scene.settle();
    await scene.write("rgpd-33", { late_reason: LATE });
    await scene.approve("rgpd-33");
    const before = texts("dpd").length;
    await scene.notify("rgpd-33");
    await atHour(120);
    expect(texts("dpd")).toHaveLength(before);
  });

  it.each<[string, StagesOptions]>([
    ["that is not among the packs of the facility", { regimes: ["sante-2022"] }],
    ["while the facility only observes", { mode: "observe" }],
  ])("%s", async (_, options) => {
    await begin(options);
    await sweep();
    scene.stages.clock.pass(80 * 60);
    await sweep();
    expect(told()).toEqual([]);
  });
});

describe("the person told", () => {
  const account = (role: Role, email: string): Account => ({
    ...{ id: `acc-${role}`, login: role, name: person(role).name, role, function: "", email, phone: "" },
    ...{ active: true, created: 0 },
  });
  const MAIL: StagesOptions["channels"] = [
    { id: "voix", for: ["on_call"], reaches: "phone", speaks: true },
    { id: "courriel", for: ["delegate"], reaches: "email" },
  ];

  it.each<[string, Account[], string[]]>([
    [
      "is the DPO, by the mail of the account",
      [account("dpo", "dpo@ch.example"), account("director", "d@ch.example")],
      ["dpo@ch.example", "d@ch.example"],
    ],
    [
      "is the director where the DPO has no contact",
      [account("dpo", ""), account("director", "d@ch.example")],
      ["d@ch.example"],
    ],
    ["is nobody else where no approver has one", [account("delegate", "m@ch.example")], []],
    ["is nobody by a channel that reaches nobody", [account("dpo", "pas une adresse")], []],
  ])("%s", async (_, accounts, addresses) => {
    await begin({ channels: MAIL, accounts });
    await atHour(10);
    const sent = scene.stages.sent.filter(({ message }) => message.event === "duty_due");
    expect(new Set(sent.map(({ context }) => context.to?.email))).toEqual(new Set(addresses));
    const effects = await scene.stages.store.reads.effectsOf("ch-exemple", scene.incident);
    const failed = effects.filter(({ key, state }) => key.startsWith("duty:") && state === "failed");
    expect(failed.length > 0).toBe(addresses.length === 0);
  });

  it("is told again by the same message when nobody could be reached", async () => {
    await begin();
    scene.stages.answerBy.set("dpd", { outcome: "unreachable", because: "ECONNREFUSED" });
    await atHour(10);
    const tries = told("dpd").length;
    expect(tries).toBeGreaterThan(1);
    scene.stages.answerBy.clear();
    scene.stages.clock.pass(60);
    await sweep();
    expect(told("dpd")).toHaveLength(tries + 1);
    expect(new Set(told("dpd").map(({ key }) => key)).size).toBe(1);
  });
});
