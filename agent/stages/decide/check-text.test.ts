import { describe, expect, it } from "vitest";
import { said } from "../../../test/support/incident.ts";
import { ANNE, aText, aWork, seen } from "../../../test/support/text-to-decide.ts";
import type { Decision } from "../../core/decision.ts";
import type { Declaration } from "../../core/declaration.ts";
import { addStep } from "./add-step.ts";
import { checkText, declarantIn } from "./check-text.ts";
import { idOf, standingText } from "./standing-text.ts";

const FIRST = aText({ state: "replaced" });
const TEXT = aText({ version: 2 });
const OTHER = "ab".repeat(32);
const stale = { outcome: "stale", current: { declaration: TEXT.id, version: 2, sha256: TEXT.sha256 } };

/** Anne's decision on a text. */
const decided = (over: Partial<Decision> = {}) => {
  const delegate = { account: ANNE.id, name: ANNE.name };
  return { declaration: TEXT.id, version: 2, decision: "approved", delegate, ...over } as Decision;
};
const paul = { by: { account: "acc-2", name: "Paul Durand" } } as NonNullable<Decision["second"]>;

describe("checkText", () => {
  it("takes the text that stands, as it was seen", () => {
    expect(checkText(aWork(FIRST, TEXT), seen(TEXT))).toBeUndefined();
  });

  it.each<[string, Partial<ReturnType<typeof seen>>]>([
    ["of another declaration", { declaration: "declaration-2" }],
    ["of the version before", { version: 1 }],
    ["of a version to come", { version: 3 }],
    ["with another fingerprint", { sha256: OTHER }],
    ["with the fingerprint in capitals", { sha256: TEXT.sha256.toUpperCase() }],
  ])("finds a text %s stale, and names the one that stands", (_what, over) => {
    expect(checkText(aWork(FIRST, TEXT), seen(TEXT, over))).toEqual(stale);
  });

  it("finds a text stale where none stands any more", () => {
    expect(checkText(aWork(), seen(TEXT))).toEqual({ outcome: "stale", current: null });
  });

  it.each([
    ["validé par Anne Morel.", decided()],
    ["écarté par Anne Morel.", decided({ decision: "set_aside" })],
    ["écarté par Anne Morel, confirmé par Paul Durand.", decided({ decision: "set_aside", second: paul })],
    ["validé par Anne Morel (décision orale, à confirmer).", decided({ state: "oral" })],
    ["validé par Anne Morel.", decided({ state: "confirmed" })],
  ])("takes no second decision on a text: %s", (by, decision) => {
    const others = [
      decided({ version: 1, delegate: { account: "acc-9", name: "Autre" } }),
      decided({ declaration: "declaration-2", delegate: { account: "acc-9", name: "Autre" } }),
    ];
    const work = { ...aWork(FIRST, TEXT), decisions: [decision, ...others] };
    expect(checkText(work, seen(TEXT))).toEqual({
      outcome: "refused",
      code: "already_decided",
      because: `Ce texte a déjà fait l'objet d'une décision : ${by}`,
    });
    expect(checkText({ ...work, decisions: others }, seen(TEXT))).toBeUndefined();
  });

  it.each(["approved", "filed", "replaced", "set_aside", "contested"] as Declaration["state"][])(
    "takes no decision on a text that is %s, whoever decided",
    (state) => {
      const text = { ...TEXT, state };
      expect(checkText(aWork(text), seen(text))).toEqual({
        outcome: "refused",
        code: "already_decided",
        because: "Ce texte a déjà fait l'objet d'une décision.",
      });
    },
  );

  it("takes no decision under defence secrecy, and says nothing of the text that stands", () => {
    const work = { ...aWork(TEXT), facts: [said("defence_secret", true)] };
    expect(checkText(work, seen(TEXT, { version: 9 }))).toEqual({
      outcome: "refused",
      code: "defence_secret",
      because: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est décidé ici.",
    });
  });
});

describe("declarantIn", () => {
  it("finds the name wherever it stands in the text, and tells none from no such field", () => {
    expect(declarantIn(aText({}, "Anne Morel"))).toEqual({ name: "Anne Morel" });
    expect(declarantIn(aText({}, null))).toEqual({ name: null });
    const { canonical } = TEXT;
    const without = canonical.replaceAll('"declarant_name"', '"else"');
    expect(declarantIn({ ...TEXT, canonical: without })).toBeUndefined();
  });
});

describe("standingText", () => {
  it("is the last text, named by declaration, version and fingerprint, while it is a draft", () => {
    const id = { declaration: TEXT.id, version: 2, sha256: TEXT.sha256 };
    expect([idOf(TEXT), idOf(undefined)]).toEqual([id, null]);
    expect(standingText(aWork(FIRST, TEXT))).toEqual(id);
    expect(standingText(aWork(TEXT, { ...FIRST, version: 3 }))).toBeNull();
    expect(standingText(aWork())).toBeNull();
  });
});

describe("addStep", () => {
  it("binds a step to the text that stands, at the next place of its incident", () => {
    const work = aWork(FIRST, TEXT);
    const first = addStep(work, { step: "sent_back", comment: "À revoir." }, ANNE, 5);
    expect(first).toEqual({
      id: "incident-1/1",
      incident: "incident-1",
      step: "sent_back",
      text: idOf(TEXT),
      by: { account: "acc-1", name: "Anne Morel" },
      to: null,
      comment: "À revoir.",
      how: null,
      call: null,
      at: 5,
    });
    const second = addStep(work, { step: "handed_back", to: first.by }, ANNE, 6);
    expect(second).toMatchObject({ id: "incident-1/2", to: first.by, comment: "" });
    expect(work.steps).toEqual([first, second]);
  });
});
