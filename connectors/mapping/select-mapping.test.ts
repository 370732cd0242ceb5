import { describe, expect, it } from "vitest";
import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import { alertOf, mapping } from "../../test/support/mappings.ts";
import { fc } from "../../test/support/property.ts";
import { reasonOf, selectAmong } from "./select-mapping.ts";

describe("the choice of a mapping", () => {
  const one = (name: string, when: string, rest = "") => mapping(rest, name, when);
  const all = [
    one("vendor", "{ observer.vendor: Acme }"),
    one("product", "{ observer.vendor: Acme, observer.product: [Wall, Gate*] }"),
    one("serial", "[{ devid: 'FG*', logid: '*' }, { devid: 'FX*' }]"),
    one("bare", "{ kind: k, devid: null }"),
    one("globbed", "{ message: '* TCP_*/* *' }"),
    one("listed", "{ cats: dns }"),
  ];
  const select = selectAmong(all);

  it.each<[Record<string, FieldValue>, Partial<Alert>, string | undefined]>([
    [{}, { observer: { vendor: "Acme" } }, "vendor"],
    [{}, { observer: { vendor: "Acme", product: "Wall" } }, "product"],
    [{}, { observer: { vendor: "Acme", product: "Gate 3" } }, "product"],
    [{}, { observer: { vendor: "acme" } }, undefined],
    [{ devid: "FG100" }, {}, undefined],
    [{ devid: "FG100", logid: 1 }, {}, "serial"],
    [{ devid: "FX1" }, {}, "serial"],
    [{ kind: "k" }, {}, "bare"],
    [{ kind: "k", devid: "z" }, {}, undefined],
    [{}, { message: "1 2 TCP_MISS/200 3" }, "globbed"],
    [{}, { message: "1 2 TCP_MISS 3" }, undefined],
    [{ cats: ["web", "dns"] }, {}, "listed"],
    [{ kind: "k" }, { event: { module: "cef" } }, undefined],
    [{ kind: "k" }, { event: { module: "cef" }, log: { syslog: {} } }, "bare"],
    [{ constructor: "k" }, {}, undefined],
  ])("for %j and %j", (fields, more, expected) =>
    expect(select(alertOf(fields, more))?.mapping.name).toBe(expected),
  );

  it("says by what", () => {
    const alert = alertOf({ devid: "FG100", logid: 1 });
    const selected = select(alert);
    expect(selected && reasonOf(selected, alert)).toBe("devid is FG100, like FG* and logid is 1, like *");
    expect(selected?.sign.place()).toBe("m.yml:5");
  });

  it("finds what a look at every mapping finds", () => {
    const value = fc.constantFrom("Acme", "Wall", "Gate 1", "FG1", "k", "dns", "a TCP_x/1 b");
    const maybe = fc.option(value, { nil: undefined });
    const known = fc.record({
      vendor: maybe,
      product: maybe,
      devid: maybe,
      kind: maybe,
      message: maybe,
      logid: maybe,
    });
    fc.assert(
      fc.property(known, ({ vendor, product, message, ...rest }) => {
        const fields = Object.fromEntries(Object.entries(rest).filter(([, text]) => text !== undefined));
        const alert = alertOf(fields as Record<string, string>, { message, observer: { vendor, product } });
        const holding = all.flatMap((mapping) =>
          mapping.signs
            .filter(({ conditions }) => conditions.every((condition) => condition.holds(alert)))
            .map(({ conditions }) => ({ name: mapping.name, weight: conditions.length })),
        );
        const best = holding.toSorted((a, b) => b.weight - a.weight)[0];
        expect(select(alert)?.mapping.name).toBe(best?.name);
      }),
    );
  });
});
