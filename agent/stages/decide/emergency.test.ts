import { afterEach, beforeEach, expect, it } from "vitest";
import { type Deciding, openDeciding, PAUL, PROOF } from "../../../test/support/deciding.ts";
import { type Account, calledName } from "../../core/person.ts";
import { declarantIn } from "./check-text.ts";

/** An *accès de secours* of a delegate, opened by somebody. */
const sealed = (holder: string): Account => ({
  ...PAUL,
  id: "acc-s",
  login: "secours-1",
  name: "Accès de secours 1",
  role: "delegate",
  emergency: { sealed: { at: 0, by: "Paul Durand" }, opened: 1, holder },
});
const acting = (account: Account) => ({ ...account, name: calledName(account) });

let deciding: Deciding;
beforeEach(async () => {
  deciding = await openDeciding();
  await deciding.change(sealed("Claire Petit"), 1);
});
afterEach(() => deciding.stages.close());
const named = async () => {
  const { current } = await deciding.dossier();
  return current && declarantIn(current.declaration)?.name;
};

it("names who opened the envelope in the text, the decision, the journal and the incident", async () => {
  const { stages, id } = deciding;
  const claire = acting(sealed("Claire Petit"));
  await stages.desk.takeUp(id, claire);
  expect(await named()).toBe("Claire Petit (Accès de secours 1)");
  const done = await stages.desk.approve(await deciding.text(), PROOF, claire);
  expect(done).toMatchObject({
    outcome: "approved",
    decision: { delegate: { account: "acc-s", name: "Claire Petit (Accès de secours 1)" } },
  });
  const { incident, decisions } = await deciding.dossier();
  expect(decisions[0]?.delegate.name).toBe("Claire Petit (Accès de secours 1)");
  expect(incident.because).toContain("Claire Petit");
  const journal = await stages.store.reads.journalOf("ch-exemple", id);
  const decision = journal.find(({ type }) => type === "decision.put");
  expect(decision?.content).toContain("Claire Petit (Accès de secours 1)");
});

it("lets nobody approve a text in the name of who opened the envelope before them", async () => {
  const { stages, id } = deciding;
  await stages.desk.takeUp(id, acting(sealed("Claire Petit")));
  await deciding.change(sealed("Luc Noir"), 2);
  const luc = acting(sealed("Luc Noir"));
  expect(await stages.desk.approve(await deciding.text(), PROOF, luc)).toMatchObject({
    code: "declarant_differs",
  });
  await stages.desk.takeUp(id, luc);
  expect(await named()).toBe("Luc Noir (Accès de secours 1)");
  expect(await stages.desk.approve(await deciding.text(), PROOF, luc)).toMatchObject({ outcome: "approved" });
});

it("names a person whose access is their own, and a sealed envelope, as they are", () => {
  expect(calledName(PAUL)).toBe("Paul Durand");
  const { holder: _, ...emergency } = { ...sealed("x").emergency, sealed: { at: 0, by: "x" }, opened: null };
  expect(calledName({ name: "Accès de secours 1", emergency })).toBe("Accès de secours 1");
});
