import { afterEach, describe, expect, it } from "vitest";
import { type Deciding, EVE, LUC, openDeciding, PAUL, PROOF, REMI } from "../../../test/support/deciding.ts";
import { askedOf, sentBackOf } from "../../core/decision.ts";

let night: Deciding;
afterEach(() => night?.stages.close());

const declarant = async () =>
  (await night.dossier()).current?.content.sections
    .flatMap(({ fields }) => fields)
    .find(({ id }) => id === "declarant_name")?.value;

describe("a text sent back", () => {
  it("tells those who edit, shows the comment until a decision, and tells who sent it once it was corrected", async () => {
    night = await openDeciding();
    const { desk, clock } = night.stages;
    const text = await night.text();
    const comment = "La description oublie le service des urgences.";
    expect(await desk.sendBack(text, comment, night.anne)).toMatchObject({ outcome: "sent_back" });
    expect(await night.told()).toEqual(["sent_back", "sent_back"]);
    expect(sentBackOf(await night.dossier())).toMatchObject({ comment, by: { name: "Anne Martin" } });
    clock.pass(5);
    const fields = [{ id: "measures", value: "Urgences isolées.", unknown: false }];
    expect(await desk.amend({ text, fields }, REMI)).toMatchObject({ outcome: "amended" });
    expect(await night.told()).toEqual([]);
    clock.pass(3);
    expect(await night.told()).toEqual(["text_corrected"]);
    await desk.amend(
      {
        text: await night.text(),
        fields: [{ ...fields[0], id: "measures", value: "Fait.", unknown: false }],
      },
      REMI,
    );
    clock.pass(3);
    expect(await night.told()).toEqual([]);
    expect(await desk.approve(await night.text(), PROOF, night.anne)).toMatchObject({ outcome: "approved" });
    expect(sentBackOf(await night.dossier())).toBeUndefined();
  });

  it.each([
    ["without a comment", "non", "comment_missing"],
    ["with a comment beyond all measure", "x".repeat(5000), "comment_missing"],
  ])("is refused %s", async (_what, comment, code) => {
    night = await openDeciding();
    expect(await night.stages.desk.sendBack(await night.text(), comment, night.anne)).toMatchObject({ code });
  });

  it("is not for who may not decide, nor for a text that is no more", async () => {
    night = await openDeciding();
    const text = await night.text();
    const comment = "À reprendre entièrement.";
    expect(await night.stages.desk.sendBack(text, comment, REMI)).toMatchObject({ code: "not_allowed" });
    await night.stages.desk.answer({ incident: night.id, question: "care_diverted", answer: "yes" }, EVE);
    expect((await night.stages.desk.sendBack(text, comment, night.anne)).outcome).toBe("stale");
  });
});

describe("the hand", () => {
  it("is passed to a colleague, who is told at once and in whose name the text is put", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    const handing = { incident: night.id, to: PAUL.id, comment: "Je suis au bloc." };
    expect(await desk.handOver(handing, night.anne)).toMatchObject({ outcome: "handed_over" });
    await night.stages.sweeper.sweep();
    expect(night.stages.messages).toMatchObject([
      { event: "handed_over", subject: expect.stringContaining("Anne Martin passe la main à Paul Durand") },
    ]);
    expect(askedOf(await night.dossier())).toMatchObject({ to: { account: PAUL.id } });
    expect(await declarant()).toBe("Paul Durand");
    expect(await desk.approve(await night.text(), PROOF, PAUL)).toMatchObject({ outcome: "approved" });
    expect(askedOf(await night.dossier())).toBeUndefined();
  });

  it("comes back when the colleague cannot", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    await desk.handOver({ incident: night.id, to: PAUL.id, comment: "" }, night.anne);
    await night.told();
    expect(await desk.handBack({ incident: night.id, comment: "" }, LUC)).toMatchObject({
      code: "not_asked",
    });
    expect(await desk.handBack({ incident: night.id, comment: "En avion." }, PAUL)).toEqual({
      outcome: "handed_back",
    });
    expect(await night.told()).toEqual(["handed_back"]);
    expect(askedOf(await night.dossier())).toBeUndefined();
    expect(await declarant()).toBe("Anne Martin");
    expect(await desk.handBack({ incident: night.id, comment: "" }, PAUL)).toMatchObject({
      code: "not_asked",
    });
  });

  it.each([
    ["someone who cannot be reached", LUC.id, "unreachable_colleague"],
    ["someone who may not decide", REMI.id, "unknown_colleague"],
    ["nobody of the house", "acc-9", "unknown_colleague"],
    ["oneself", "acc-1", "to_oneself"],
  ])("is not passed to %s", async (_who, to, code) => {
    night = await openDeciding();
    expect(
      await night.stages.desk.handOver({ incident: night.id, to, comment: "" }, night.anne),
    ).toMatchObject({ code });
    expect((await night.dossier()).steps).toEqual([]);
  });

  it("is passed once when two pass it to the same at once", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    const handing = { incident: night.id, to: PAUL.id, comment: "" };
    const done = await Promise.all([desk.handOver(handing, night.anne), desk.handOver(handing, LUC)]);
    expect(done.map(({ outcome }) => outcome)).toEqual(["handed_over", "refused"]);
    expect(done[1]).toMatchObject({ code: "already_asked" });
  });
});
