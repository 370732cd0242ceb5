import { compileGate } from "../engine/gate.ts";
import { requirementsBeside } from "../engine/literals.ts";
import { belongs, logSourcesOf, originOf } from "../engine/logsource.ts";
import { writePattern } from "../engine/pattern.ts";
import type { Condition, Item, LoadedRule, LogSource, Selection, Test } from "../engine/rule.ts";
import { compileRules, matchAlert, type RuleSetOptions } from "../engine/rule-set.ts";
import { alertReader } from "../engine/taxonomy.ts";

/** Characters of a value that are told. */
const LONGEST_VALUE = 300;
/** Values asked that are told of one item. */
const MOST_ASKED = 50;

/** One line of a selection, put to an alert. */
export interface ExplainedItem {
  /** Null for keywords, which any text of the alert may hold. */
  field: string | null;
  asked: string[];
  /** How the values asked are linked. */
  link: "any" | "all";
  negated: boolean;
  holds: boolean;
  /** Of the values asked, the first that was met. */
  met: string | null;
  /** Of values that are all asked, those that were not met. */
  unmet: string[];
  /** What the alert has there; null when it has not the field. */
  value: string | null;
  because:
    | "met"
    | "field missing"
    | "value differs"
    | "in no text"
    | "held where it must not"
    | "not held, as asked";
}

/** One selection, put to an alert; of a list of maps, each is an alternative. */
export interface ExplainedSelection {
  name: string;
  holds: boolean;
  alternatives: ExplainedItem[][];
}

/** Why a rule matches an alert, or does not. */
export interface ExplainedRule {
  rule: string;
  title: string;
  matches: boolean;
  logsource: { asked: LogSource; found: LogSource[]; holds: boolean };
  condition: {
    text: string;
    holds: boolean /** The parts of it that keep it from holding. */;
    failed: string[];
  };
  selections: ExplainedSelection[];
  /** Set when the rule does not run: its placeholders have no value. */
  inactive: string | null;
}

/** Puts a rule to an alert piece by piece, each by the engine itself. */
export function explainRule(
  loaded: LoadedRule,
  alert: object,
  options: Pick<RuleSetOptions, "placeholders" | "anyLogsource"> = {},
): ExplainedRule {
  const probes: LoadedRule[] = [];
  const probe = (selections: LoadedRule["selections"], condition: Condition): string => {
    const id = `probe ${probes.length}`;
    const { placeholders: _, ...rest } = loaded;
    probes.push({ ...rest, selections, condition, placeholders: [], rule: { ...loaded.rule, id } });
    return id;
  };
  const alone = (selection: Selection): string =>
    probe(new Map([["it", selection]]), { kind: "selection", name: "it" });

  const asked = [...loaded.selections].map(([name, selection]) => ({
    name,
    id: alone(selection),
    alternatives: alternativesOf(selection).map((items) =>
      items.map((item) => ({
        item,
        id: alone({ kind: "items", items: [item] }),
        bare: alone({ kind: "items", items: [{ ...item, negated: false }] }),
        each:
          item.link === "any"
            ? []
            : item.tests.map((test) => ({
                test,
                id: alone({
                  kind: "items",
                  items: [{ ...item, negated: false, link: "any", tests: [test] }],
                }),
              })),
      })),
    ),
  }));
  const whole = probe(loaded.selections, loaded.condition);
  const set = compileRules(probes, { placeholders: options.placeholders, anyLogsource: true });
  const found = new Map(matchAlert(set, alert).map((match) => [match.rule.id, match.because]));

  const selections = asked.map(
    ({ name, id, alternatives }): ExplainedSelection => ({
      name,
      holds: found.has(id),
      alternatives: alternatives.map((items) =>
        items.map(({ item, id: itself, bare, each }) => {
          const reason = found.get(bare)?.[0];
          return explainItem(item, {
            alert,
            holds: found.has(itself),
            met: reason?.pattern,
            value: reason?.value,
            unmet: each.filter(({ id }) => !found.has(id)).map(({ test }) => spellTest(test)),
          });
        }),
      ),
    }),
  );
  const truths = new Map(selections.map(({ name, holds }) => [name, holds]));
  const sources = logSourcesOf(originOf(alert));
  const inSource = options.anyLogsource === true || belongs(loaded.logsource, sources);
  const [inactive] = compileRules([loaded], { placeholders: options.placeholders }).inactive;
  return {
    rule: loaded.rule.id,
    title: loaded.rule.title,
    matches: found.has(whole) && inSource && inactive === undefined,
    logsource: { asked: loaded.logsource, found: sources, holds: inSource },
    condition: {
      text: spell(loaded.condition),
      holds: found.has(whole),
      failed: found.has(whole) ? [] : failures(loaded.condition, truths),
    },
    selections,
    inactive: inactive?.message ?? null,
  };
}

/** What the gate made of a record: whether it let it pass for this rule, and for which of the literals it looks for. */
export interface ExplainedGate {
  passed: boolean;
  /** Of each list of which one is needed, the first literal that the record holds; null when it holds none. */
  literals: { of: "detection" | "log source"; opened: string | null; needed: string[] }[];
  because: string;
}

/** Says how the gate of a rule alone takes a record. */
export function explainGate(loaded: LoadedRule, text: string): ExplainedGate {
  const gate = compileGate(compileRules([loaded]));
  const bytes = new TextEncoder().encode(text);
  const passed = gate.scan(bytes, 0, bytes.length);
  const { detection, source } = requirementsBeside()(loaded);
  const folded = text.toLowerCase();
  const lists = [
    { of: "detection" as const, needed: detection },
    { of: "log source" as const, needed: source },
  ].flatMap(({ of, needed }) =>
    needed === null
      ? []
      : [{ of, opened: needed.find((literal) => folded.includes(literal)) ?? null, needed }],
  );
  const held = lists.every(({ opened }) => opened !== null);
  const because =
    lists.length === 0
      ? "the rule has no literal that its records must hold: everything passes"
      : held
        ? "the record holds what is needed"
        : passed
          ? "the record is written in a way that the gate does not judge: it passes"
          : "the record holds none of the literals needed";
  return { passed, literals: lists, because };
}

function alternativesOf(selection: Selection): Item[][] {
  return selection.kind === "items" ? [selection.items] : selection.of.flatMap(alternativesOf);
}

function explainItem(
  item: Item,
  {
    alert,
    holds,
    met,
    value,
    unmet,
  }: {
    alert: object;
    holds: boolean;
    met: string | undefined;
    value: string | undefined;
    unmet: string[];
  },
): ExplainedItem {
  const own = item.field === null ? undefined : alertReader(item.field)(alert);
  const present = item.field === null || own !== undefined;
  const shown = met === undefined && own !== undefined ? spellValue(own) : value;
  const reason = (): ExplainedItem["because"] => {
    if (item.negated) return holds ? "not held, as asked" : "held where it must not";
    if (holds) return "met";
    if (item.field === null) return "in no text";
    return present ? "value differs" : "field missing";
  };
  return {
    field: item.field,
    asked: item.tests.slice(0, MOST_ASKED).map(spellTest),
    link: item.link,
    negated: item.negated,
    holds,
    met: met ?? null,
    unmet,
    value: present && shown !== undefined ? shown.slice(0, LONGEST_VALUE) : null,
    because: reason(),
  };
}

const spellValue = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function spellTest(test: Test): string {
  switch (test.kind) {
    case "pattern":
      return writePattern(test.pattern);
    case "expand":
      return writePattern(test.value);
    case "number":
      return String(test.number);
    case "boolean":
      return String(test.boolean);
    case "null":
      return "null";
    case "regex":
      return `/${test.source}/${test.flags}`;
    case "cidr":
      return `in ${test.network}`;
    case "compare":
      return `${test.operator} ${test.number}`;
    case "time":
      return `${test.part} ${test.operator} ${test.number}`;
    case "fieldref":
      return `the value of ${test.field}`;
    case "exists":
      return test.exists ? "present" : "absent";
    case "any":
      return test.tests.map(spellTest).join(" or ");
  }
}

function spell(condition: Condition): string {
  const inner = (of: Condition) => (of.kind === "and" || of.kind === "or" ? `(${spell(of)})` : spell(of));
  switch (condition.kind) {
    case "selection":
      return condition.name;
    case "not":
      return `not ${inner(condition.of)}`;
    case "some":
      return `${condition.least === condition.names.length ? "all" : condition.least} of (${condition.names.join(", ")})`;
    default:
      return condition.of.map(inner).join(` ${condition.kind} `);
  }
}

/** The smallest parts of a condition that must hold and do not, or that hold and must not. */
function failures(condition: Condition, truths: ReadonlyMap<string, boolean>): string[] {
  const holds = (of: Condition): boolean => {
    switch (of.kind) {
      case "selection":
        return truths.get(of.name) === true;
      case "not":
        return !holds(of.of);
      case "some":
        return of.names.filter((name) => truths.get(name) === true).length >= of.least;
      case "and":
        return of.of.every(holds);
      case "or":
        return of.of.some(holds);
    }
  };
  if (holds(condition)) return [];
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.of.flatMap((one) => failures(one, truths));
    case "not":
      return [`${spell(condition.of)} holds, and must not`];
    case "some": {
      const count = condition.names.filter((name) => truths.get(name) === true).length;
      return [`${spell(condition)}: ${count} hold`];
    }
    case "selection":
      return [`${condition.name} does not hold`];
  }
}
