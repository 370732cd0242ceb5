import { describe, expect, it } from "vitest";
import { ANNE, aText, aWork, seen, setupFor } from "../../test/support/text-to-decide.ts";
import type { Decision, Proof } from "../core/decision.ts";
import { contentOf, type Declaration, declarationKey, sealContent } from "../core/declaration.ts";
import type { Delivery } from "../core/delivery.ts";
import { sha256Hex } from "../core/sha256.ts";
import { callOff, confirm, type Ruling, unfitRuling } from "./confirm.ts";
import type { WayOut, Work } from "./work.ts";

const TEXT = aText({ version: 2 });
const PROOF: Proof = { channel: "web", second_factor: "totp" };
const BY: Pick<Decision, "delegate"> = { delegate: { account: "acc-1", name: "Anne Morel" } };
const VOICE = { channel: "voice", number: "0123" } as Decision["how"];
const PORTAL: WayOut = { id: "portal", reach: "assisted" };
const REASON = "Un exercice";

const aDelivery = (over: Partial<Delivery>) =>
  ({
    id: "d",
    declaration: TEXT.id,
    kind: "declaration",
    version: 1,
    state: "planned",
    attempts: [],
    ...over,
  }) as Delivery;
const aRuling = (over: Partial<Ruling> = {}): Ruling => ({
  text: seen(TEXT),
  decision: "approved",
  reason: null,
  proof: PROOF,
  actor: ANNE,
  ...over,
});

function decide(work: Work, over: Partial<Ruling> = {}, ...ways: WayOut[]) {
  return confirm(work, aRuling(over), setupFor(...(ways.length > 0 ? ways : [PORTAL])), 77);
}

describe("what a text is bound by", () => {
  it("is the SHA-256 of its canonical JSON, every member of it", () => {
    const content = contentOf(TEXT);
    expect(sealContent(content)).toEqual({ canonical: TEXT.canonical, sha256: TEXT.sha256 });
    expect(TEXT.sha256).toBe(sha256Hex(TEXT.canonical));
    expect(sealContent({ ...content, text: `${content.text} ` }).sha256).not.toBe(TEXT.sha256);
    expect(() => sealContent({ ...content, more: 1 } as typeof content)).toThrow(/more/);
    expect(() => contentOf({ ...TEXT, canonical: TEXT.canonical.replace('"kind"', '"kin"') })).toThrow(
      /kind/,
    );
  });

  it("is kept under its declaration and version", () => {
    expect(declarationKey(TEXT)).toBe("declaration-1/2");
  });
});

describe("confirm", () => {
  it("binds the decision to the exact text, its author, proof and instant", () => {
    const work = aWork(aText({ state: "filed" }), TEXT);
    const done = decide(work);
    const decision = {
      id: "id-1",
      incident: "incident-1",
      declaration: TEXT.id,
      version: 2,
      sha256: TEXT.sha256,
      decision: "approved",
      ...BY,
      how: PROOF,
      reason: null,
      at: 77,
    };
    expect(done).toStrictEqual({ outcome: "decided", decision });
    expect(work.decisions).toStrictEqual([decision]);
    expect(work.declarations).toEqual([
      aText({ state: "filed" }),
      { ...TEXT, state: "approved", updated: 77 },
    ]);
    expect(work.incident).toMatchObject({ state: "approved", because: "Validé par Anne Morel." });
  });

  it.each([
    ["another version", { version: 1 }],
    ["another fingerprint", { sha256: "ab".repeat(32) }],
    ["another declaration", { declaration: "else" }],
  ])("decides nothing on %s than what stands", (_what, over) => {
    const work = aWork(TEXT);
    expect(decide(work, { text: seen(TEXT, over) })).toMatchObject({ outcome: "stale" });
    expect(work).toEqual(aWork(TEXT));
  });

  it("decides nothing that is unfit", () => {
    const work = aWork(TEXT);
    expect(decide(work, { actor: { ...ANNE, name: "Luc Petit" } })).toMatchObject({
      code: "declarant_differs",
    });
    expect(work).toEqual(aWork(TEXT));
  });

  it("decides a text once", () => {
    const work = aWork(TEXT);
    expect([decide(work).outcome, decide(work).outcome, work.decisions.length]).toEqual([
      "decided",
      "refused",
      1,
    ]);
  });

  it("leads an incident that nobody held for reportable through review", () => {
    const work = aWork(TEXT);
    work.incident = { ...work.incident, state: "open", because: "Rien de rempli." };
    decide(work);
    expect(work.incident).toMatchObject({ state: "approved", because: "Validé par Anne Morel." });
  });

  it("marks a decision by voice as one to be confirmed", () => {
    const work = aWork(TEXT);
    expect(decide(work, { proof: VOICE })).toMatchObject({ decision: { how: VOICE, state: "oral" } });
    expect(work.incident.because).toBe("Décision orale de Anne Morel, à confirmer.");
  });

  it("plans what leaves by the first way, and calls to mind that it is not filed", () => {
    const work = aWork(TEXT);
    decide(work, {}, { id: "paper", reach: "assisted", fallback: true }, PORTAL);
    expect(work.deliveries).toMatchObject([{ channel: "portal", version: 2, sha256: TEXT.sha256 }]);
    expect(work.beside).toMatchObject([{ write: "plan", effect: { payload: { event: "not_filed" } } }]);
  });

  it("sets a text aside with its reason and the second person, and plans nothing", () => {
    const work = aWork(TEXT);
    const second = { by: { account: "acc-2", name: "Paul Durand" }, how: PROOF, at: 70 };
    const done = decide(work, { decision: "set_aside", reason: REASON, second });
    expect(done).toMatchObject({
      outcome: "decided",
      decision: { decision: "set_aside", reason: REASON, second },
    });
    expect(work.declarations).toEqual([{ ...TEXT, state: "set_aside", updated: 77 }]);
    expect(work.incident).toMatchObject({ state: "set_aside", because: REASON });
    expect([work.deliveries, work.beside]).toEqual([[], []]);
  });

  it("replaces the text approved before and not filed, and drops only what was planned to carry it", () => {
    const [other, old] = [aText({ id: "declaration-0", state: "filed" }), aText({ state: "approved" })];
    const work = aWork(other, old, TEXT);
    const refused = aDelivery({ id: "d2", state: "refused" });
    work.deliveries = [aDelivery({ attempts: [{ at: 1, outcome: "unreachable", because: "x" }] }), refused];
    decide(work);
    expect(work.declarations.slice(0, 2)).toEqual([other, { ...old, state: "replaced", updated: 77 }]);
    const because = "Remplacé par la version 2 avant dépôt.";
    expect(work.deliveries).toMatchObject([
      { state: "dropped", settled: 77, attempts: [{ at: 1 }, { at: 77, outcome: "dropped", because }] },
      refused,
      { version: 2, state: "planned" },
    ]);
  });

  it("leaves the text approved before as it is when the one after is set aside", () => {
    const old = aText({ state: "approved" });
    const work = aWork(old, TEXT);
    work.deliveries = [aDelivery({})];
    decide(work, { decision: "set_aside", reason: REASON });
    expect([work.declarations[0], work.deliveries]).toEqual([old, [aDelivery({})]]);
  });
});

describe("unfitRuling", () => {
  const unfit = (work: Work, over: Partial<Ruling> = {}) => unfitRuling(work, aRuling(over));

  it("finds nothing against a text in one's own name, or with no declarant", () => {
    expect(unfit(aWork(TEXT))).toBeUndefined();
    const without = { ...TEXT, canonical: TEXT.canonical.replace('"declarant_name"', '"else"') };
    expect(unfit(aWork(without), { actor: { ...ANNE, name: "Luc Petit" } })).toBeUndefined();
    expect(unfit(aWork())).toBeUndefined();
  });

  it.each([
    ["Anne Morel", "Le texte nomme Anne Morel comme déclarant"],
    [null, "Le texte nomme personne comme déclarant"],
  ])("refuses to approve in the name of %s, but not to set aside", (name, because) => {
    const actor = { ...ANNE, name: "Luc Petit" };
    const work = aWork(aText({}, name));
    expect(unfit(work, { actor })).toEqual({
      outcome: "refused",
      code: "declarant_differs",
      because: `${because} : prenez l'incident en charge pour le mettre à votre nom, puis relisez-le.`,
    });
    expect(unfit(work, { actor, decision: "set_aside", reason: REASON })).toBeUndefined();
  });

  it.each<[Delivery["state"], Declaration["state"], number, boolean]>([
    ["sending", "approved", 1, true],
    ["uncertain", "approved", 1, true],
    ["planned", "approved", 1, false],
    ["refused", "approved", 1, false],
    ["sending", "filed", 1, false],
    ["sending", "approved", 3, false],
  ])(
    "with a delivery that is %s, of a text that is %s (version %i): refused %s",
    (state, of, version, refused) => {
      const work = aWork(aText({ state: of }), TEXT);
      work.deliveries = [aDelivery({ state: "planned", version: 9 }), aDelivery({ state, version })];
      expect(unfit(work)).toEqual(
        refused
          ? {
              outcome: "refused",
              code: "filing_uncertain",
              because: "L'envoi de la version 1 est sans confirmation : vérifiez-le d'abord.",
            }
          : undefined,
      );
    },
  );

  it.each([
    [null, true],
    ["", true],
    ["   trop court  ", false],
    ["123456789", true],
    [" 123456789 ", true],
    ["1234567890", false],
  ])("asks why nothing is declared: %j refused %s", (reason, refused) => {
    expect(unfit(aWork(TEXT), { decision: "set_aside", reason })).toEqual(
      refused
        ? {
            outcome: "refused",
            code: "reason_missing",
            because: "Ne pas déclarer demande un motif d'au moins dix caractères.",
          }
        : undefined,
    );
    expect(unfit(aWork(TEXT), { reason })).toBeUndefined();
  });
});

describe("callOff", () => {
  it("ends what is planned of one version, and nothing else", () => {
    const work = aWork(TEXT);
    const others = [
      aDelivery({ version: 2 }),
      aDelivery({ state: "sending" }),
      aDelivery({ state: "delivered" }),
    ];
    work.deliveries = [aDelivery({}), ...others];
    callOff(work, 1, "Raison.", 9);
    const attempts = [{ at: 9, outcome: "dropped", because: "Raison." }];
    expect(work.deliveries).toEqual([aDelivery({ state: "dropped", attempts, settled: 9 }), ...others]);
  });
});
