import { afterEach, describe, expect, it } from "vitest";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../../test/support/set-aside.ts";
import { contentOf } from "../../core/declaration.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Actor, TextSeen } from "../person-act.ts";
import type { Dossier, Proof } from "./desk.ts";

let stages: Stages;
afterEach(() => stages?.close());

const PROOF: Proof = { channel: "web", second_factor: "totp" };
const OTHER: Actor = { id: "acc-2", name: "Paul Durand", role: "director", active: true };
const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };

async function storm(
  options: Parameters<typeof openStages>[0] = {},
): Promise<{ id: string; anne: Actor; dossier: () => Promise<Dossier> }> {
  stages = await openStages(options);
  await stages.take(DELETED, NOTE);
  const [first] = await stages.desk.incidents({ limit: 1 });
  const id = first?.incident.id ?? "";
  return {
    id,
    anne: stages.delegate,
    dossier: async () => {
      const found = await stages.desk.dossier(id);
      if (found === undefined) throw new Error("no dossier");
      return found;
    },
  };
}

function seen({ incident, current }: Dossier): TextSeen {
  if (current === undefined) throw new Error("no text");
  const { id, version, sha256 } = current.declaration;
  return { incident: incident.id, declaration: id, version, sha256 };
}

const fieldOf = ({ current }: Dossier, field: string) =>
  current?.content.sections.flatMap((section) => section.fields).find((each) => each.id === field);

describe("the text", () => {
  it("is what is hashed, stored and sent: the RFC 8785 bytes that hold the French text", async () => {
    const { anne, dossier } = await storm();
    const { current } = await dossier();
    expect(sha256Hex(current?.declaration.canonical ?? "")).toBe(current?.declaration.sha256);
    expect(current?.content.text).toContain("CH Exemple");
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    await stages.sweeper.sweep();
    expect(Buffer.from(stages.filings[0]?.bytes ?? []).toString("utf8")).toBe(current?.declaration.canonical);
  });

  it("says of every field where its value comes from, and never fills one that nothing tells", async () => {
    const { dossier } = await storm();
    const fields = (await dossier()).current?.content.sections.flatMap((section) => section.fields) ?? [];
    expect(fields.length).toBeGreaterThan(20);
    for (const field of fields) {
      expect(field.value === null).toBe(field.provenance.by === "nobody");
      if (field.value === null) expect(field.unknown).toBe(true);
    }
    expect(fieldOf(await dossier(), "patient_handling")).toMatchObject({ value: null, unknown: true });
    expect(fieldOf(await dossier(), "data_nature")?.provenance).toMatchObject({
      by: "machine",
      evidence: [expect.any(String)],
    });
  });

  it("never claims to be the official form", async () => {
    const { dossier } = await storm();
    expect((await dossier()).current?.content.text).toContain("il ne reproduit pas l'annexe officielle");
  });

  it("follows an answer that is put right: what people told is theirs, and no edit", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
    const value = async () =>
      (await stages.desk.dossier(incident))?.current?.content.sections
        .flatMap(({ fields }) => fields)
        .find(({ id }) => id === "degraded_mode")?.value;
    const answer = (given: string) =>
      stages.desk.answer({ incident, question: "degraded_mode", answer: given }, stages.delegate);
    await answer("yes");
    expect(await value()).toMatch(/^oui, depuis/);
    stages.clock.pass(5);
    await answer("no");
    expect(await value()).toBe("non");
  });

  it("keeps what a person wrote when facts go on arriving", async () => {
    const { id, anne, dossier } = await storm();
    const amended = await stages.desk.amend(
      {
        text: seen(await dossier()),
        fields: [{ id: "measures", value: "Serveurs isolés du réseau.", unknown: false }],
      },
      anne,
    );
    expect(amended.outcome).toBe("amended");
    await stages.take({ ...DELETED, host: "pacs-07" });
    await stages.desk.answer({ incident: id, question: "degraded_mode", answer: "yes" }, anne);
    expect(fieldOf(await dossier(), "measures")).toMatchObject({
      value: "Serveurs isolés du réseau.",
      provenance: { by: "person", name: "Anne Martin" },
    });
    expect(fieldOf(await dossier(), "degraded_mode")).toMatchObject({
      value: expect.stringMatching(/^oui, depuis/),
      provenance: { by: "person" },
    });
  });

  it("is another text, of another version, after a decision", async () => {
    const { id, anne, dossier } = await storm();
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    const approved = (await dossier()).declarations[0];
    await stages.desk.answer({ incident: id, question: "care_diverted", answer: "yes" }, anne);
    const { declarations } = await dossier();
    expect(declarations.map(({ version, kind, state }) => [version, kind, state])).toEqual([
      [1, "initial", "approved"],
      [2, "initial", "draft"],
    ]);
    expect(declarations[0]).toEqual(approved);
  });

  it("is a complement once something was filed, and the approved text leaves whatever was drafted since", async () => {
    const { id, anne, dossier } = await storm({ mode: "live", reach: "assisted" });
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    await stages.take({ host: "dpi-01", message: "vssadmin.exe delete shadows /all", minute: 5 });
    const later = await dossier();
    expect([later.filing?.declaration.version, later.current?.declaration.version]).toEqual([1, 2]);
    const [delivery] = later.deliveries;
    await stages.desk.recordFiling({ incident: id, delivery: delivery?.id ?? "", reference: "SIG-1" }, anne);
    const { incident, declarations } = await dossier();
    expect(incident.state).toBe("declared");
    expect(declarations.map(({ version, kind, state }) => [version, kind, state])).toEqual([
      [1, "initial", "filed"],
      [2, "complement", "draft"],
    ]);
  });

  it("is replaced before filing by a text approved later, which is then the one to file", async () => {
    const { id, anne, dossier } = await storm({ mode: "live", reach: "assisted" });
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    await stages.desk.answer({ incident: id, question: "care_diverted", answer: "yes" }, anne);
    expect((await stages.desk.approve(seen(await dossier()), PROOF, anne)).outcome).toBe("approved");
    const { declarations, deliveries, filing } = await dossier();
    expect(declarations.map(({ version, kind, state }) => [version, kind, state])).toEqual([
      [1, "initial", "replaced"],
      [2, "initial", "approved"],
    ]);
    expect(deliveries.map(({ version, state }) => [version, state])).toEqual([
      [1, "dropped"],
      [2, "planned"],
    ]);
    expect(filing?.declaration.version).toBe(2);
  });

  it("names who declares, for which structure: nobody edits that", async () => {
    const { anne, dossier } = await storm();
    for (const field of ["declarant_name", "declarant_quality", "facility_name", "finess_site"]) {
      const amended = await stages.desk.amend(
        { text: seen(await dossier()), fields: [{ id: field, value: "Autre", unknown: false }] },
        anne,
      );
      expect(amended).toMatchObject({ outcome: "refused", code: "field_fixed" });
    }
  });

  it("says of what people said that it comes from them", async () => {
    const { id, anne, dossier } = await storm();
    const answer = {
      incident: id,
      question: "service_affected",
      answer: "lost",
      source: "administrateur du PACS",
    };
    await stages.desk.answer(answer, anne);
    expect(fieldOf(await dossier(), "data_impact")?.value).toContain("perdues ou inaccessibles");
    expect(fieldOf(await dossier(), "unavailability")?.value).toBeNull();
    await stages.desk.answer({ ...answer, answer: "unavailable" }, anne);
    expect(fieldOf(await dossier(), "unavailability")?.provenance).toMatchObject({
      by: "person",
      name: "administrateur du PACS",
    });
  });

  it("stays readable when hundreds of hosts that nobody described are down", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    await stages.take(
      ...Array.from({ length: 300 }, (_, i) => ({
        host: `poste-${i}`,
        message: "vssadmin.exe delete shadows /all",
      })),
    );
    const [first] = await stages.desk.incidents({ limit: 1 });
    const dossier = await stages.desk.dossier(first?.incident.id ?? "");
    expect(dossier?.facts).toHaveLength(3);
    expect(dossier?.current?.content.text).toContain("et 197 autres");
    expect(dossier?.current?.content.text.length).toBeLessThan(10_000);
  });
});

describe("a decision", () => {
  it("binds to the exact text: another fingerprint, version or declaration is stale, with the current one told", async () => {
    const { anne, dossier } = await storm();
    const text = seen(await dossier());
    for (const wrong of [{ sha256: "0".repeat(64) }, { version: 9 }, { declaration: "another" }]) {
      expect(await stages.desk.approve({ ...text, ...wrong }, PROOF, anne)).toEqual({
        outcome: "stale",
        current: { declaration: text.declaration, version: text.version, sha256: text.sha256 },
      });
    }
    expect((await dossier()).decisions).toEqual([]);
  });

  it("is stale when a fact changed the text meanwhile", async () => {
    const { id, anne, dossier } = await storm();
    const text = seen(await dossier());
    await stages.desk.answer({ incident: id, question: "degraded_mode", answer: "yes" }, anne);
    expect((await stages.desk.approve(text, PROOF, anne)).outcome).toBe("stale");
  });

  it("is taken once: a race is refused with what happened", async () => {
    const { anne, dossier } = await storm();
    const text = seen(await dossier());
    const [first, second] = await Promise.all([
      stages.desk.approve(text, PROOF, anne),
      stages.desk.setAside(text, "Exercice de l'astreinte.", PROOF, anne),
    ]);
    expect(first.outcome).toBe("approved");
    expect(second).toMatchObject({
      outcome: "refused",
      code: "already_decided",
      because: expect.stringContaining("Anne Martin"),
    });
    expect((await dossier()).decisions).toHaveLength(1);
  });

  it("is not taken in another's name", async () => {
    const { id, dossier } = await storm();
    expect(await stages.desk.approve(seen(await dossier()), PROOF, OTHER)).toMatchObject({
      outcome: "refused",
      code: "declarant_differs",
    });
    expect(await stages.desk.takeUp(id, OPERATOR)).toEqual({ outcome: "taken_up" });
    expect(fieldOf(await dossier(), "declarant_name")?.value).toBe("Anne Martin");
    expect(fieldOf(await dossier(), "found")?.value).not.toBeNull();
  });

  it.each([
    ["approve", async (text: TextSeen) => stages.desk.approve(text, PROOF, OPERATOR)],
    [
      "set aside",
      async (text: TextSeen) => stages.desk.setAside(text, "Ceci est un motif.", PROOF, OPERATOR),
    ],
    ["edit", async (text: TextSeen) => stages.desk.amend({ text, fields: [] }, OPERATOR)],
    [
      "record a filing",
      async (text: TextSeen) =>
        stages.desk.recordFiling({ incident: text.incident, delivery: "d", reference: "REF-1" }, OPERATOR),
    ],
  ])("an operator may not %s", async (_, act) => {
    const { dossier } = await storm();
    expect(await act(seen(await dossier()))).toMatchObject({ outcome: "refused", code: "not_allowed" });
  });

  it("not to declare needs a reason and is a record too", async () => {
    const { anne, dossier } = await storm();
    const text = seen(await dossier());
    expect(await stages.desk.setAside(text, "non", PROOF, anne)).toMatchObject({
      outcome: "refused",
      code: "reason_missing",
    });
    expect(await setAsideByTwo(stages, text, "Exercice interne de l'astreinte.")).toMatchObject({
      outcome: "set_aside",
    });
    const { incident, decisions } = await dossier();
    expect(incident.state).toBe("set_aside");
    expect(decisions[0]).toMatchObject({ decision: "set_aside", reason: "Exercice interne de l'astreinte." });
    expect(stages.filings).toEqual([]);
  });
});

describe("filing by hand", () => {
  it("stays VALIDÉ, PAS ENCORE DÉPOSÉ and keeps reminding until the portal's reference is recorded", async () => {
    const { id, anne, dossier } = await storm({ mode: "live", reach: "assisted" });
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    for (const minutes of [16, 16]) {
      stages.clock.pass(minutes);
      await stages.sweeper.sweep();
    }
    expect((await dossier()).incident.state).toBe("approved");
    expect(stages.messages.filter(({ event }) => event === "not_filed")).toHaveLength(2);
    expect(stages.filings).toEqual([]);

    const [delivery] = (await dossier()).deliveries;
    const filing = { incident: id, delivery: delivery?.id ?? "", reference: " 2026-SIG-0042 " };
    expect(await stages.desk.recordFiling({ ...filing, reference: "x" }, anne)).toMatchObject({
      code: "bad_reference",
    });
    expect(await stages.desk.recordFiling(filing, anne)).toMatchObject({
      outcome: "recorded",
      delivery: { state: "delivered", reference: "2026-SIG-0042" },
    });
    expect(await stages.desk.recordFiling(filing, anne)).toMatchObject({ code: "already_filed" });
    expect((await dossier()).incident).toMatchObject({
      state: "declared",
      because: "Déposé, n° 2026-SIG-0042.",
    });
    expect((await dossier()).deadlines[0]?.met).not.toBeNull();

    stages.clock.pass(60);
    await stages.sweeper.sweep();
    expect(stages.messages.filter(({ event }) => event === "not_filed")).toHaveLength(2);
  });
});

describe("a person's answer", () => {
  it("is put right by a later one: the first is withdrawn, not erased", async () => {
    const { id, anne, dossier } = await storm();
    await stages.desk.answer({ incident: id, question: "care_diverted", answer: "yes" }, anne);
    expect((await dossier()).answered.map(({ question, answer }) => [question.id, answer])).toEqual([
      ["care_diverted", "Oui"],
    ]);
    await stages.desk.answer({ incident: id, question: "care_diverted", answer: "no" }, anne);
    const { facts, qualification, answered } = await dossier();
    expect(answered.map(({ answer }) => answer)).toEqual(["Non"]);
    expect(
      facts
        .filter((fact) => fact.kind === "care_diverted")
        .map((fact) => [fact.holds, fact.withdrawn !== null]),
    ).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(qualification?.criteria.find((each) => each.id === "C4")?.value).toBe("not_met");
  });

  it("is a fact with who knows it and who wrote it, and settles its criterion", async () => {
    const { id, anne, dossier } = await storm();
    await stages.desk.answer(
      { incident: id, question: "care_diverted", answer: "no", source: "cadre de santé des urgences" },
      anne,
    );
    const { facts, qualification } = await dossier();
    expect(facts.find((fact) => fact.kind === "care_diverted")).toMatchObject({
      holds: false,
      origin: { by: "person", source: "cadre de santé des urgences", writer: "Anne Martin" },
    });
    expect(qualification?.criteria.find((each) => each.id === "C4")?.value).toBe("not_met");
    expect(qualification?.questions.map((each) => each.id)).not.toContain("care_diverted");
  });

  it.each([
    [{ question: "degraded_mode", answer: "perhaps" }, "unknown_answer"],
    [{ question: "nothing", answer: "yes" }, "unknown_answer"],
    [{ question: "degraded_mode", answer: "yes", since: 9e15 }, "future_instant"],
  ])("is refused when it makes no sense: %o", async (answer, code) => {
    const { id, anne } = await storm();
    expect(await stages.desk.answer({ incident: id, ...answer }, anne)).toMatchObject({
      outcome: "refused",
      code,
    });
  });

  it("to an incident that does not exist is refused", async () => {
    const { anne } = await storm();
    expect(
      await stages.desk.answer({ incident: "none", question: "degraded_mode", answer: "yes" }, anne),
    ).toMatchObject({ code: "unknown_incident" });
  });
});

describe("the record", () => {
  it("reads back each decided text as it was", async () => {
    const { anne, dossier } = await storm();
    await stages.desk.approve(seen(await dossier()), PROOF, anne);
    const [declaration] = (await dossier()).declarations;
    const [decision] = (await dossier()).decisions;
    expect(declaration && contentOf(declaration).version).toBe(1);
    expect(decision?.sha256).toBe(declaration?.sha256);
  });
});
