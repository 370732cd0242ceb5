import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { at, OPERATOR, REASON, RSSI, silence, works } from "../../../test/support/muted-night.ts";
import { openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { Refused } from "../person-act.ts";
import type { MaintenanceDraft, SilenceDraft } from "./desk.ts";

let stages: Stages;
afterEach(() => stages?.close());

describe("what cannot be", () => {
  const FUTURE = at(60);
  it.each<[string, Partial<SilenceDraft>, string, string]>([
    ["about everything", { covers: {} }, "nothing_named", "Jamais tout"],
    ["about nothing but spaces", { covers: { host: "  " } }, "nothing_named", "Jamais tout"],
    ["about every host", { covers: { host: "*s*" } }, "too_broad", "couvre tout"],
    ["about an unknown system", { covers: { system: "nope" } }, "unknown_system", "« nope »"],
    ["about a host of 60 kB", { covers: { host: "x".repeat(60_000) } }, "too_long", "200 caractères"],
    ["without a reason", { reason: "  " }, "reason_missing", "de 10 à 500 caractères"],
    ["that is over before it began", { until: NIGHT - 1 }, "expiry_past", "déjà passée"],
    ["of more than 30 days", { until: at(31 * 24 * 60) }, "too_far", "30 jours"],
    ["of a form made elsewhere", { form: "x" }, "bad_form", "périmé"],
  ])("a silence %s is refused", async (_, over, code, told) => {
    stages = await openStages();
    const draft = { form: stages.desk.newForm(), covers: { system: "pacs" }, until: FUTURE, reason: REASON };
    const done = (await stages.desk.silence({ ...draft, ...over }, RSSI)) as Refused;
    expect(done).toMatchObject({ outcome: "refused", code });
    expect(done.because).toContain(told);
    expect(stages.desk.mutes()).toEqual([]);
  });

  it.each<[string, Partial<MaintenanceDraft>, string, string]>([
    ["on nothing", { systems: [] }, "nothing_named", "au moins un"],
    ["on an unknown system", { systems: ["pacs", "nope"] }, "unknown_system", "« nope »"],
    ["without a reason", { reason: "" }, "reason_missing", "motif"],
    ["that end before they begin", { from: at(90) }, "ends_before_it_starts", "précède le début"],
    ["that are over", { until: NIGHT - 1 }, "ends_before_it_starts", "précède"],
    ["that began an hour ago", { from: at(-60) }, "begins_in_the_past", "laissez-le vide"],
    ["of more than 30 days", { until: at(31 * 24 * 60) }, "too_far", "30 jours"],
    ["in two years", { from: at(700 * 1440), until: at(701 * 1440) }, "too_far", "366 jours"],
  ])("works %s are refused", async (_, over, code, told) => {
    stages = await openStages();
    const form = stages.desk.newForm();
    const draft = { form, systems: ["pacs"], dependents: false, until: FUTURE, reason: REASON };
    const done = (await stages.desk.planWorks({ ...draft, ...over }, RSSI)) as Refused;
    expect(done).toMatchObject({ outcome: "refused", code });
    expect(done.because).toContain(told);
    expect(stages.desk.mutes()).toEqual([]);
  });

  it("works that overlap others on a system are refused with those, and works beside them are not", async () => {
    stages = await openStages();
    await works(stages, { systems: ["pacs", "dpi"], from: at(60), until: at(120) });
    const draft = { systems: ["dpi"], dependents: false, reason: REASON };
    const plan = (from: number, to: number) =>
      stages.desk.planWorks(
        { ...draft, form: stages.desk.newForm(), from: at(from), until: at(to) },
        stages.delegate,
      );
    expect(await plan(119, 200)).toMatchObject({
      code: "overlapping",
      because: "Des travaux sont déjà prévus sur DPI du 15/11/2026 03:00 au 15/11/2026 04:00, par Rémi Roy.",
    });
    expect(await plan(120, 200)).toEqual({ outcome: "muted" });
  });

  it("the same silence twice is refused with the first, and one form makes one", async () => {
    stages = await openStages();
    const form = await silence(stages);
    const draft = { form, covers: { system: "pacs" }, until: at(60), reason: REASON };
    expect(await stages.desk.silence(draft, RSSI)).toEqual({ outcome: "muted" });
    expect(stages.desk.mutes()).toHaveLength(1);
    expect(await stages.desk.silence({ ...draft, form: stages.desk.newForm() }, RSSI)).toMatchObject({
      code: "already_muted",
      because: expect.stringContaining("Rémi Roy"),
    });
  });

  it("an operator mutes and ends nothing; what is over or unknown is not ended", async () => {
    stages = await openStages();
    const mute = await silence(stages, { until: at(30) });
    const draft = { form: stages.desk.newForm(), covers: { system: "dpi" }, until: at(60), reason: REASON };
    expect(await stages.desk.silence(draft, OPERATOR)).toMatchObject({ code: "not_allowed" });
    expect(await stages.desk.endMute({ mute, reason: REASON }, OPERATOR)).toMatchObject({
      code: "not_allowed",
    });
    expect(await stages.desk.endMute({ mute, reason: "" }, RSSI)).toMatchObject({ code: "reason_missing" });
    expect(await stages.desk.endMute({ mute: "x", reason: REASON }, RSSI)).toMatchObject({
      code: "unknown_mute",
    });
    stages.clock.pass(30);
    expect(await stages.desk.endMute({ mute, reason: REASON }, RSSI)).toMatchObject({ code: "already_over" });
  });
});
