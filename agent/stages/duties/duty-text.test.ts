import { afterEach, describe, expect, it } from "vitest";
import { DPO, type DutyScene, openDutyScene, REASON, valueIn } from "../../../test/support/duty-scene.ts";
import { PROOF } from "../../../test/support/night.ts";
import { DELETED } from "../../../test/support/pipeline.ts";
import { type DutyFile, dutyContentOf } from "../../core/duty-file.ts";

let scene: DutyScene;
afterEach(() => scene.stages.close());

describe("the text of another duty", () => {
  it("is written from the same facts as soon as the duty is due, and beside the declaration", async () => {
    scene = await openDutyScene();
    const { duties, declarations } = await scene.dossier();
    expect(duties.map(({ regime, state, version }) => [regime, state, version])).toEqual([
      ["rgpd-33", "draft", 1],
      ["assurance-plainte", "draft", 1],
    ]);
    expect(declarations).toHaveLength(1);
    const file = await scene.fileOf("rgpd-33");
    expect(valueIn(file, "breach_nature")).toMatchObject({
      value: "perte d'intégrité",
      provenance: { by: "machine" },
    });
    expect(valueIn(file, "facility_name")).toMatchObject({
      value: "CH Exemple",
      provenance: { by: "setting" },
    });
    expect(valueIn(file, "people_band")).toMatchObject({ value: null, unknown: true });
    expect(valueIn(file, "awareness")?.value).toContain("proposition, à fixer");
    expect(dutyContentOf(file).text).toContain("ce n'est pas le formulaire officiel de la CNIL");
  });

  it.each([
    ["eigs", [["serious_adverse_event", "yes"]], true],
    ["ose-nis1", [["essential_service", "yes"]], true],
    ["materiovigilance", [["device_harm", "yes"]], true],
    ["eigs", [], false],
    ["ose-nis1", [["essential_service", "no"]], false],
  ] as const)("of %s is written after %j: %s", async (regime, answers, written) => {
    scene = await openDutyScene();
    await scene.harm();
    for (const [question, given] of answers) await scene.answer(question, given);
    expect((await scene.filesOf(regime)).map(({ state }) => state)).toEqual(written ? ["draft"] : []);
  });

  it("names the DPO of the configuration to the CNIL alone, and whom a person names instead", async () => {
    const dpo = { name: "Inès Faure", email: "dpd@ch.example", phone: "01 23 45 67 89" };
    scene = await openDutyScene({ facility: { dpo } });
    await scene.answer("essential_service", "yes");
    const provenance = { by: "setting", because: "configuration de l'établissement" };
    const file = await scene.fileOf("rgpd-33");
    expect(valueIn(file, "contact_name")).toMatchObject({ value: "Inès Faure", provenance });
    // An address of ours is nobody's home: it is not masked.
    expect(valueIn(file, "contact_details")).toMatchObject({
      value: "dpd@ch.example ; 01 23 45 67 89",
      provenance,
    });
    expect(valueIn(await scene.fileOf("ose-nis1"), "contact_name")).toMatchObject({
      value: null,
      unknown: true,
    });
    await scene.write("rgpd-33", { contact_name: "Cellule de crise" });
    expect(valueIn(await scene.fileOf("rgpd-33"), "contact_name")).toMatchObject({
      value: "Cellule de crise",
      provenance: { by: "person" },
    });
  });

  it("follows the facts while it is a draft, and keeps what people wrote", async () => {
    scene = await openDutyScene();
    expect(await scene.write("rgpd-33", { measures: "Serveurs isolés.", people_count: "212" })).toEqual({
      outcome: "amended",
    });
    const before = await scene.fileOf("rgpd-33");
    expect(valueIn(before, "people_band")?.value).toBe("51 à 300");
    scene.stages.clock.pass(5);
    await scene.answer("high_risk", "yes");
    const after = await scene.fileOf("rgpd-33");
    expect(after.version).toBe(1);
    expect(after.sha256).not.toBe(before.sha256);
    expect(valueIn(after, "high_risk")?.value).toBe("oui");
    expect(valueIn(after, "measures")).toMatchObject({
      value: "Serveurs isolés.",
      provenance: { by: "person", name: "Personne dpo" },
    });
    // What a person answered is theirs and no edit: another answer changes it.
    await scene.answer("high_risk", "no");
    expect(valueIn(await scene.fileOf("rgpd-33"), "high_risk")?.value).toBe("non");
  });

  it.each([
    [{ breach_nature: "perte de moral" }, "bad_choice"],
    [{ breach_cause: "externe malveillant; inconnu" }, "bad_choice"],
    [{ awareness: "hier" }, "field_fixed"],
    [{ nothing: "x" }, "bad_field"],
  ])("takes no %j", async (fields, code) => {
    scene = await openDutyScene();
    expect(await scene.write("rgpd-33", fields as Record<string, string>)).toMatchObject({
      outcome: "refused",
      code,
    });
  });

  it("takes several of a list that says so", async () => {
    scene = await openDutyScene();
    const both = "perte d'intégrité; perte de disponibilité";
    expect(await scene.write("rgpd-33", { breach_nature: both })).toEqual({ outcome: "amended" });
    expect(valueIn(await scene.fileOf("rgpd-33"), "breach_nature")?.value).toBe(both);
  });

  it("is neither written nor shown under the secret of national defence", async () => {
    scene = await openDutyScene();
    await scene.stages.desk.flagSecret(
      { incident: scene.incident, holds: true, reason: REASON },
      scene.stages.delegate,
    );
    expect((await scene.dossier()).duties).toEqual([]);
    const text = { incident: scene.incident, regime: "rgpd-33", version: 1, sha256: "0".repeat(64) };
    expect(await scene.stages.desk.approveDuty(text, PROOF, DPO)).toMatchObject({ code: "defence_secret" });
  });

  it("is the same after a restart", async () => {
    scene = await openDutyScene();
    const before = (await scene.dossier()).duties;
    scene.stages = await scene.stages.restart();
    expect((await scene.dossier()).duties).toEqual(before);
  });
});

describe("a staged notification", () => {
  it("is the next version once something else is known, and what stood stays", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    await scene.notify("rgpd-33");
    const first = await scene.fileOf("rgpd-33");
    scene.stages.clock.pass(60);
    await scene.stages.take({ ...DELETED, minute: 80 });
    expect(await scene.filesOf("rgpd-33")).toHaveLength(1);
    await scene.answer("high_risk", "yes");
    const [stood, next] = await scene.filesOf("rgpd-33");
    expect(stood).toEqual(first);
    expect(next).toMatchObject({ version: 2, kind: "complement", state: "draft" });
    expect(dutyContentOf(next as DutyFile).text).toContain("notification complémentaire, version 2");
    expect(await scene.approve("rgpd-33")).toEqual({ outcome: "approved" });
    expect(await scene.notify("rgpd-33", { reference: "N-2026-2" })).toEqual({ outcome: "notified" });
  });

  it("replaces what was approved and never notified", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    await scene.answer("high_risk", "yes");
    await scene.approve("rgpd-33");
    expect((await scene.filesOf("rgpd-33")).map(({ state, kind }) => [state, kind])).toEqual([
      ["replaced", "initial"],
      ["approved", "initial"],
    ]);
  });
});
