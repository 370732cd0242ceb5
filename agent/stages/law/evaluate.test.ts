import { describe, expect, it } from "vitest";
import type { Expression } from "../../../rules/regimes/expression.ts";
import { PACKS } from "../../../test/support/golden.ts";
import { aFact, anIncident, NIGHT, said, systemsOf } from "../../../test/support/incident.ts";
import { fc } from "../../../test/support/property.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { type Fact, FactKind } from "../../core/fact.ts";
import { qualify } from "../qualify.ts";
import { evaluate, type Truth } from "./evaluate.ts";

const systems = systemsOf(
  { id: "dpi", kind: "patient_record", health_data: true, care_critical: true },
  { id: "annuaire", kind: "directory", trusted_by_others: true },
  { id: "paie", kind: "administration", degraded_after_minutes: 0 },
);
const situation = (facts: readonly Fact[]) => ({ facts, systems, now: NIGHT + 90 * MICROSECONDS.minute });
const truthOf = (expression: Expression, facts: readonly Fact[]): Truth =>
  evaluate(expression, situation(facts)).truth;

const KINDS = ["malicious_action_suspected", "system_unavailable", "data_altered", "degraded_mode"] as const;
const kind = fc.constantFrom(...KINDS);
const fact = fc
  .record({
    kind,
    system: fc.constantFrom("dpi", "annuaire", "paie", null),
    holds: fc.boolean(),
    person: fc.boolean(),
  })
  .map(({ kind, system, holds, person }) =>
    person ? said(kind, holds, { system }) : aFact(kind, { system }),
  );
const facts = fc.array(fact, { maxLength: 6 });
const filter = fc.constantFrom(undefined, { health_data: true }, { care_critical: true });
const plain: fc.Arbitrary<Expression> = fc.record({ fact: kind });
const presuming: fc.Arbitrary<Expression> = fc
  .record({ fact: kind, system: filter, presumed: fc.constantFrom(undefined, "not" as const) })
  .map(({ system, ...leaf }) => (system === undefined ? leaf : { ...leaf, system }));
const over = (leaf: fc.Arbitrary<Expression>, negation: boolean) =>
  fc.letrec<{ tree: Expression }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
      fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
      ...(negation ? [tie("tree").map((not) => ({ not }))] : []),
    ),
  })).tree;
const ORDER: Readonly<Record<Truth, number>> = { false: 0, unknown: 1, true: 2 };

describe("Kleene's logic over facts", () => {
  it.each<[string, Truth[], Truth, Truth]>([
    ["both hold", ["true", "true"], "true", "true"],
    ["one is unknown beside a true", ["true", "unknown"], "true", "unknown"],
    ["one is unknown beside a false", ["false", "unknown"], "unknown", "false"],
    ["one holds beside a false", ["true", "false"], "true", "false"],
    ["both are unknown", ["unknown", "unknown"], "unknown", "unknown"],
  ])("%s", (_, values, any, all) => {
    const parts = values.map((_value, i): Expression => ({ fact: KINDS[i] ?? "data_lost" }));
    const given = values.flatMap((value, i) =>
      value === "unknown" ? [] : [said(KINDS[i] ?? "data_lost", value === "true")],
    );
    expect([truthOf({ any: parts }, given), truthOf({ all: parts }, given)]).toEqual([any, all]);
  });

  it("knowing more never changes what was known already, where silence is not taken for no", () => {
    fc.assert(
      fc.property(
        over(plain, true),
        fc.subarray([...KINDS]),
        fc.subarray([...KINDS]),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        (expression, some, more, values) => {
          const value = (each: (typeof KINDS)[number]) => values[KINDS.indexOf(each)] ?? false;
          const before = some.map((each) => said(each, value(each)));
          const after = [...new Set([...some, ...more])].map((each) => said(each, value(each)));
          const known = truthOf(expression, before);
          if (known !== "unknown") expect(truthOf(expression, after)).toBe(known);
        },
      ),
    );
  });

  it("one more fact that holds never lowers a value: nothing met becomes unmet by hearing more", () => {
    fc.assert(
      fc.property(
        over(presuming, false),
        facts,
        kind,
        fc.constantFrom("dpi", "paie", null),
        (expression, given, more, system) => {
          const before = truthOf(expression, given);
          const after = truthOf(expression, [...given, aFact(more, { system })]);
          expect(ORDER[after]).toBeGreaterThanOrEqual(ORDER[before]);
        },
      ),
    );
  });

  it("nobody having said something never turns a met value into not met", () => {
    fc.assert(
      fc.property(over(presuming, false), facts, fc.nat(), (expression, given, place) => {
        if (truthOf(expression, given) !== "true") return;
        const silenced = given.filter((each, i) => each.holds || i !== place % Math.max(1, given.length));
        expect(truthOf(expression, silenced)).toBe("true");
      }),
    );
  });

  it("the order of facts does not matter, in any pack", () => {
    const any = fc.array(
      fc.record({
        kind: fc.constantFrom(...FactKind.options),
        holds: fc.boolean(),
        system: fc.constantFrom("dpi", "annuaire", null),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(any, fc.constantFrom(...PACKS.values()), fc.nat(), (given, regime, turn) => {
        const facts = given
          .filter((each) => each.kind !== "defence_secret")
          .map((each) => said(each.kind, each.holds, { system: each.system }));
        const turned = facts.toReversed().toSpliced(0, 0, ...facts.splice(0, turn % (facts.length + 1)));
        const all = [...new Set([...facts, ...turned])];
        const values = (list: Fact[]) =>
          qualify(anIncident(), regime, situation(list)).criteria.map(({ id, value, degree }) => [
            id,
            value,
            degree,
          ]);
        expect(values(all.toReversed())).toEqual(values(all));
      }),
    );
  });
});

describe("a statement", () => {
  it.each<[string, Expression, Fact[], Truth]>([
    ["under not is turned over", { not: { fact: "risk_unlikely" } }, [said("risk_unlikely", true)], "false"],
    ["under not stays unknown while nobody has spoken", { not: { fact: "risk_unlikely" } }, [], "unknown"],
    [
      "counts for any kind of a list",
      { fact: "data_altered", system: { kind: ["laboratory", "patient_record"] } },
      [aFact("data_altered", { system: "dpi" })],
      "true",
    ],
    [
      "that only a person may make is not heard from a rule",
      { fact: "exceptional_situation" },
      [aFact("exceptional_situation")],
      "unknown",
    ],
    [
      "that was withdrawn is no longer there",
      { fact: "data_altered" },
      [aFact("data_altered", { withdrawn: { at: NIGHT, writer: "w", reason: "r" } })],
      "unknown",
    ],
    [
      "of a promise of repair counts once it is broken",
      { lasting: "restore_within" },
      [aFact("system_unavailable", { system: "dpi", since: NIGHT - 3 * MICROSECONDS.hour })],
      "true",
    ],
    [
      "of a promise of repair waits until then",
      { lasting: "restore_within" },
      [aFact("system_unavailable", { system: "dpi" })],
      "unknown",
    ],
  ])("%s", (_, expression, given, expected) => {
    expect(truthOf(expression, given)).toBe(expected);
  });

  it("tells the settings without which it would not count, and none where the law alone suffices", () => {
    const outage = aFact("system_unavailable", { system: "dpi" });
    const lasting: Expression = { lasting: "degraded_after", system: { care_critical: true } };
    expect(evaluate(lasting, situation([outage])).grounds).toEqual([
      { fact: outage, setting: "mode dégradé attendu après 60 min, système dit critique pour les soins" },
    ]);
    const both: Expression = { any: [lasting, { fact: "system_unavailable" }] };
    expect(evaluate(both, situation([outage])).grounds).toEqual([{ fact: outage, setting: null }]);
  });

  it.each([
    [{ kind: "laboratoire" }, { kind: ["laboratoire"] } as const, "true"],
    [{ kind: "autre" }, { kind: ["laboratoire"] } as const, "false"],
    [{ kind: "autre", designations: ["ose"] } as const, { designated: "ose" } as const, "true"],
    [{ kind: "autre" }, { cyber_insurance: true } as const, "false"],
    [undefined, { designated: "oiv" } as const, "false"],
  ])("about the facility %j is a setting, always known (%j: %s)", (facility, asked, expected) => {
    const filter = "kind" in asked ? { kind: [...asked.kind] } : asked;
    const found = evaluate({ facility: filter }, { ...situation([]), facility });
    expect(found.truth).toBe(expected);
    expect(found.grounds[0]?.setting).not.toBeNull();
  });
});
