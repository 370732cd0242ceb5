import { describe, expect, it } from "vitest";
import { TIMED } from "../../test/support/effort.ts";
import { fc } from "../../test/support/property.ts";
import { TAXONOMY } from "./field-places.ts";
import { belongs, logSourcesOf, originOf } from "./logsource.ts";
import { readRules } from "./read.ts";
import { compileRules, matchAlert, matchEvent, type RuleSet } from "./rule-set.ts";
import { turnTo, valuesOf } from "./subject.ts";
import { alertReader } from "./taxonomy.ts";

const FIELDS = ["Image", "CommandLine", "EventID", "User", "process.executable", "a.b", "fieldless"];
const WORDS = [
  "cmd.exe",
  "\\cmd.exe",
  "c:\\windows\\",
  "powershell",
  "-e",
  "é",
  "\u212aey",
  "4688",
  "a b",
  "x",
];
const MODIFIERS = [
  "",
  "|contains",
  "|startswith",
  "|endswith",
  "|contains|all",
  "|re",
  "|re|i",
  "|contains|cased",
  "|exists",
  "|gt",
  "|fieldref",
  "|cidr",
  "|neq",
  "|contains|windash",
];

const quote = (value: string) => JSON.stringify(value);
const lineOf = ([field, modifier, words]: [string, string, string[]]): string => {
  if (modifier === "|exists") return `${quote(`${field}|exists`)}: true`;
  if (modifier === "|gt") return `${quote(`${field}|gt`)}: 100`;
  if (modifier === "|fieldref") return `${quote(`${field}|fieldref`)}: User`;
  if (modifier === "|cidr") return `${quote(`${field}|cidr`)}: 192.0.2.0/24`;
  // `all` joins several.
  const values = (modifier.endsWith("|all") ? [...words, "x"] : words).map((word) =>
    quote(modifier.startsWith("|re") ? word.replaceAll(/[\\.]/g, "\\$&") : word.replaceAll("\\", "\\\\")),
  );
  return `${quote(field + modifier)}: [${values.join(", ")}]`;
};
const item = fc
  .tuple(
    fc.constantFrom(...FIELDS),
    fc.constantFrom(...MODIFIERS),
    fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }),
  )
  .map(lineOf);
const selection = fc.oneof(
  { weight: 4, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }).map(uniqueKeys) },
  fc
    .array(fc.constantFrom(...WORDS.slice(3)), { minLength: 1, maxLength: 2 })
    .map((words) => `[${words.map(quote).join(", ")}]`),
);
const rule = fc.tuple(
  selection,
  selection,
  fc.constantFrom("a", "a and b", "a or b", "a and not b", "not a", "1 of them", "all of them"),
  fc.constantFrom(
    "category: process_creation, product: windows",
    "product: windows, service: security",
    "category: alert",
  ),
);

/** A map with each key once, as YAML wants it. */
function uniqueKeys(lines: string[]): string {
  return `{${[...new Map(lines.map((line) => [line.split('":')[0], line])).values()].join(", ")}}`;
}

function setOf(rules: [string, string, string, string][]): RuleSet {
  const read = rules.map(([a, b, condition, logsource], at) =>
    readRules(
      `title: T\nid: r${at}\nlogsource: {${logsource}}\ndetection:\n  a: ${a}\n  b: ${b}\n  condition: ${condition}\n`,
      "t.yml",
    ),
  );
  expect(read.flatMap(({ refused }) => refused)).toEqual([]);
  return compileRules(read.flatMap(({ rules: loaded }) => loaded));
}

const text = fc
  .array(fc.constantFrom(...WORDS, "C:\\Windows\\System32\\", "CMD.EXE", "192.0.2.7"), { maxLength: 3 })
  .map((words) => words.join(" "));
const scalar = fc.oneof({ weight: 5, arbitrary: text }, fc.constantFrom(4688, 1, 0, true, null, ""));
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ b: scalar, executable: scalar }, { requiredKeys: [] }),
  fc.array(fc.record({ b: scalar }, { requiredKeys: [] }), { maxLength: 2 }),
);
const event = fc.dictionary(
  fc.constantFrom("Image", "CommandLine", "EventID", "User", "process", "a", "a.b", "other"),
  value,
);

/** Ids of the rules that hold when each is run plainly on what the subject is turned to. */
const plainly = (set: RuleSet, subject: RuleSet["event"], applies = (_: RuleSet["rules"][number]) => true) =>
  set.rules.filter((one) => applies(one) && one.matches(subject)).map(({ rule: { id } }) => id);

describe("rules found by what must be in an event", () => {
  it("are those that hold when every rule is run, on events under their own names", () => {
    let met = 0;
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 6 }),
        fc.array(event, { minLength: 1, maxLength: 4 }),
        (rules, events) => {
          const set = setOf(rules);
          // Each shape comes often enough to be learnt, and each value to be remembered.
          for (const one of [...events, ...events, ...events]) {
            const found = matchEvent(set, one).map((match) => match.rule.id);
            expect(found).toEqual(plainly(set, set.event));
            met += found.length;
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(met).toBeGreaterThan(500);
  });

  it("are the same of values that came before, or nearly did, or came in another field", () => {
    const text = `title: T
id: 00000000-0000-4000-8000-000000000001
logsource: { category: process_creation }
detection:
  a: { Image|contains: [tool-x, tool-y] }
  b: { ParentImage|endswith: -z }
  c: { Image|contains|cased: TOOL }
  condition: 1 of them
`;
    const { rules } = readRules(text, "rule.yml");
    const set = compileRules(rules);
    // Alike but for one place, of which few are looked at to remember a value.
    const long = fc.tuple(
      fc.constantFrom("tool-x", "tool-y", "tool-q", "TOOL-Q"),
      fc.nat(24),
      fc.constantFrom("-z", "--"),
    );
    const value = long.map(
      ([word, before, end]) => `${"/".repeat(before)}${word}${"/".repeat(40 - before)}${end}`,
    );
    let found = 0;
    fc.assert(
      fc.property(fc.array(fc.record({ Image: value, ParentImage: value }), { maxLength: 8 }), (events) => {
        for (const event of events) {
          const matches = matchEvent(set, event).map(({ because }) => because);
          found += matches.length;
          expect(matches).toEqual(matchEvent(compileRules(rules), event).map(({ because }) => because));
        }
      }),
    );
    expect(found).toBeGreaterThan(0);
  });

  it("are those of the log source that hold when every rule is run, on alerts", () => {
    let met = 0;
    const alert = fc.record(
      {
        event: fc.record(
          { module: fc.constantFrom("windows", "generic"), code: fc.constantFrom("1", "4688") },
          { requiredKeys: ["module"] },
        ),
        process: fc.record({ executable: text, command_line: text }, { requiredKeys: [] }),
        user: fc.record({ name: text }),
        message: text,
        fields: fc.dictionary(
          fc.constantFrom("Image", "commandline", "winlog.event_data.User", "EventID", "Channel", "a.b"),
          fc.oneof(scalar, fc.constantFrom("Security", "Microsoft-Windows-Sysmon/Operational")),
        ),
      },
      { requiredKeys: ["event"] },
    );
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 6 }),
        fc.array(alert, { minLength: 1, maxLength: 4 }),
        (rules, alerts) => {
          const set = setOf(rules);
          for (const one of [...alerts, ...alerts, ...alerts]) {
            const found = matchAlert(set, one).map((match) => match.rule.id);
            const sources = logSourcesOf(originOf(one));
            expect(found).toEqual(
              plainly(set, set.alert, ({ loaded }) => belongs(loaded.logsource, sources)),
            );
            met += found.length;
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(met).toBeGreaterThan(100);
  });

  it("read every field of an alert of a known shape as its reader does", () => {
    const names = [...TAXONOMY.keys(), "host.name", "event.code", "process", "unheard"];
    const lines = names.map((name) => `${quote(name)}: x`);
    const set = setOf([[uniqueKeys(lines), "[x]", "a", "category: alert"]]);
    const places = [...new Set([...TAXONOMY.values()].flat())];
    const paths = fc.dictionary(fc.constantFrom(...places, ...names), scalar, { maxKeys: 12 });
    fc.assert(
      fc.property(paths, paths, (ecs, fields) => {
        const alert: Record<string, unknown> = { fields };
        for (const [path, one] of Object.entries(ecs)) put(alert, path.split("."), one);
        for (let time = 0; time < 3; time += 1) turnTo(set.alert, alert);
        // Fields are numbered in the order in which rules name them.
        for (const [number, name] of names.entries()) {
          const read = alertReader(name)(alert);
          const flat =
            read === undefined
              ? undefined
              : typeof read === "object" && read !== null && !Array.isArray(read)
                ? []
                : [read].flat();
          expect([name, valuesOf(set.alert, number)]).toEqual([name, flat]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function put(into: Record<string, unknown>, [name = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) into[name] ??= value;
  else {
    const inner = into[name];
    if (inner === undefined) into[name] = {};
    if (typeof into[name] === "object" && into[name] !== null)
      put(into[name] as Record<string, unknown>, rest, value);
  }
}

describe("hostile events", () => {
  const faults: unknown[] = [];
  const { rules } = readRules(
    [
      "title: A\nid: field\nlogsource: {category: test}\ndetection:\n  s: {a.b|contains: needle}\n  condition: s",
      "title: B\nid: keyword\nlogsource: {category: test}\ndetection:\n  s: ['*ab*ab*needle', haystack]\n  condition: s",
      "title: C\nid: regex\nlogsource: {category: test}\ndetection:\n  s: {f1|re: '(a+)+b.*needle'}\n  condition: s",
      "title: D\nid: many\nlogsource: {category: test}\ndetection:\n  s: {f2|contains: ['a?b', 'aab*aab', aaaaaaaaaaaab]}\n  condition: s",
    ].join("\n---\n"),
    "t.yml",
  );
  const set = compileRules(rules, { onFault: (_, fault) => faults.push(fault) });
  const nested = (depth: number, open: string, middle: string, close: string) =>
    JSON.parse(`{"a":${open.repeat(depth)}${middle}${close.repeat(depth)},"f1":"b"}`) as Record<
      string,
      unknown
    >;

  it.each([
    ["lists", () => nested(100_000, "[", '"needle"', "]")],
    ["lists around an object", () => nested(100_000, "[", '{"b":"needle"}', "]")],
    ["objects", () => nested(5_000, '{"b":', '"needle"', "}")],
  ])("of deep %s neither throw nor switch a rule off", (_, make) => {
    const deep = make();
    for (let time = 0; time < 3; time += 1) matchEvent(set, deep);
    expect(faults).toEqual([]);
    expect(set.rules.some(({ disabled }) => disabled)).toBe(false);
  });

  it.runIf(TIMED).each([
    ["one letter", "a"],
    ["what rules nearly look for", "ab aab needl haystac "],
    ["letters beyond ASCII", "\u212a\u0130é"],
  ])("of 512 values of 8 KiB full of %s cost little more than reading them", (_, piece) => {
    const long = piece.repeat(Math.ceil(8192 / piece.length)).slice(0, 8192);
    const written = JSON.stringify(
      Object.fromEntries(Array.from({ length: 512 }, (_, n) => [`f${n}`, long])),
    );
    const spent = (work: () => void) => {
      const start = process.cpuUsage().user;
      work();
      return process.cpuUsage().user - start;
    };
    let event: Record<string, unknown> = {};
    const reading = spent(() => {
      for (let n = 0; n < 5; n += 1) event = JSON.parse(written);
    });
    const matching = spent(() => {
      for (let n = 0; n < 5; n += 1) matchEvent(set, event);
    });
    expect(matching / Math.max(reading, 20_000)).toBeLessThan(60);
  });

  it("of ever new names leave what is remembered of shapes small", () => {
    for (let n = 0; n < 3_000; n += 1) {
      matchEvent(set, Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`n${n} ${at}`, "x"])));
    }
    expect(set.event.shapes.steps).toBeLessThan(51_000);
  });

  it("that make a rule throw switch it off, once, and leave the others running", () => {
    const told: string[] = [];
    const fragile = compileRules(rules, { onFault: ({ id }) => told.push(id) });
    const first = fragile.rules.find(({ rule: { id } }) => id === "field");
    if (first === undefined) throw new Error("the rule is missing");
    first.matches = () => {
      throw new Error("broken");
    };
    const found = [1, 2].map(() =>
      matchEvent(fragile, { a: { b: "needle haystack" } }).map((match) => match.rule.id),
    );
    expect(found).toEqual([["keyword"], ["keyword"]]);
    expect(told).toEqual(["field"]);
  });
});
