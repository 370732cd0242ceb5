import { describe, expect, it } from "vitest";
import { compiled, rule } from "../../test/support/compiled-rules.ts";
import { matchEvent } from "./rule-set.ts";

describe("placeholders", () => {
  it("puts the values of placeholders in, wildcards and all, only under `expand`", () => {
    const yaml = rule("sel:\n  f|expand: '%servers%.chu'\ncondition: sel");
    const set = compiled(yaml, { placeholders: { servers: ["srv*", "dc1"] } });
    expect(matchEvent(set, { f: "SRV-PACS.chu" })).toHaveLength(1);
    expect(matchEvent(set, { f: "dc1.chu" })).toHaveLength(1);
    expect(matchEvent(set, { f: "dc2.chu" })).toHaveLength(0);
    const plain = compiled(rule("sel:\n  f: '%servers%'\ncondition: sel"));
    expect(matchEvent(plain, { f: "%servers%" })).toHaveLength(1);
  });

  it("takes a percent sign literally after a backslash", () => {
    const set = compiled(rule("sel:\n  f|expand: '\\%a%b%'\ncondition: sel"), { placeholders: { b: ["x"] } });
    expect(matchEvent(set, { f: "%ax" })).toHaveLength(1);
  });

  const VALUES = {
    nets: ["10.0.0.0/8", "2001:db8::/32"],
    host: ["10.1.2.3"],
    names: ["adm", "svc|srv"],
    letters: ["abc"],
    folder: ["C:\\Temp\\"],
    limit: ["5"],
    field: ["g"],
  };
  it.each<[string, Record<string, unknown>, boolean]>([
    ["f|cidr|expand: '%nets%'", { f: "10.9.9.9" }, true],
    ["f|expand|cidr: '%nets%'", { f: "2001:db8::1" }, true],
    ["f|cidr|expand: '%nets%'", { f: "192.0.2.1" }, false],
    ["f|cidr|expand: '%host%/24'", { f: "10.1.2.200" }, true],
    ["f|cidr|expand|neq: '%nets%'", { f: "192.0.2.1" }, true],
    ["f|cidr|expand: ['%host%', 192.0.2.0/24]", { f: "192.0.2.7" }, true],
    ["f|re|expand: '^%names%_\\d+$'", { f: "srv_12" }, true],
    ["f|expand|re: '^%names%_\\d+$'", { f: "adm_1" }, true],
    ["f|re|expand: '^%names%_\\d+$'", { f: "svc" }, false],
    ["f|re|expand: '^%names%_\\d+$'", { f: "ADM_1" }, false],
    ["f|re|i|expand: '^%names%_\\d+$'", { f: "ADM_1" }, true],
    ["f|re|expand: '^%names%{2}$'", { f: "admadm" }, true],
    ["f|re|expand: '^[%letters%x]+$'", { f: "abxc" }, true],
    ["f|re|expand: '^[%letters%x]+$'", { f: "(?:" }, false],
    ["f|re|expand: '^[^%letters%]%letters%$'", { f: "zabc" }, true],
    ["f|re|expand: '\\%names%'", { f: "%names%" }, true],
    ["f|re|expand: '50%'", { f: "50%" }, true],
    ["f|expand|base64: '%letters%'", { f: "YWJj" }, true],
    ["f|expand|base64offset|contains: '%letters%d'", { f: "xxYWJjZA==" }, true],
    ["f|expand|wide|base64: '%letters%'", { f: "YQBiAGMA" }, true],
    ["f|expand|startswith: '%folder%'", { f: "C:\\Temp\\x" }, true],
    ["f|expand: '%folder%*'", { f: "c:\\temp\\x" }, true],
    ["f|expand|gt: '%limit%'", { f: 6 }, true],
    ["f|expand|gt: '%limit%'", { f: 5 }, false],
    ["f|expand|gt: '%limit%0'", { f: 51 }, true],
    ["f|expand|fieldref: '%field%'", { f: "x", g: "x" }, true],
    ["f|expand|fieldref: '%field%'", { f: "x", g: "y" }, false],
  ])("%s with its values on %j is %s", (line, event, expected) => {
    const set = compiled(rule(`sel:\n  ${line}\ncondition: sel`), { placeholders: VALUES });
    expect(set.inactive).toEqual([]);
    expect(matchEvent(set, event)).toHaveLength(expected ? 1 : 0);
  });

  it.each([
    ["no network", "f|cidr|expand: '%p%'", ["10.0.0.0/8", "dc1"], "cidr_invalid", '"dc1"'],
    ["no expression", "f|re|expand: '^%p%$'", ["("], "regex_unsupported", "cannot be used"],
    ["no expression in linear time", "f|re|expand: '%p%'", ["(a)\\1"], "regex_unsupported", "cannot be used"],
    ["no number", "f|expand|lt: '%p%'", ["many"], "value_invalid", "needs a number"],
    [
      "too many",
      "f|expand: '%p%%p%%p%'",
      Array.from({ length: 100 }, (_, i) => `${i}`),
      "value_invalid",
      "10000",
    ],
  ])("does not run a rule of which a placeholder has a value that is %s, and says so", (...given) => {
    const [, line, values, code, said] = given;
    const set = compiled(rule(`sel:\n  ${line}\ncondition: sel`), { placeholders: { p: values } });
    expect(set.rules).toEqual([]);
    expect(set.inactive).toMatchObject([{ code, message: expect.stringContaining(said) }]);
  });

  it("does not run a rule whose placeholder has no value, and says so", () => {
    const set = compiled(rule("sel:\n  f|expand: '%servers%'\ncondition: sel"));
    expect(set.rules).toEqual([]);
    expect(set.inactive[0]).toMatchObject({ code: "placeholder_without_value" });
  });
});
