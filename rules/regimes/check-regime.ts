import { isDeepStrictEqual } from "node:util";
import { type Expression, type Leaf, leavesOf, type SystemFilter } from "./expression.ts";
import { LATE_FIELD, type Regime } from "./regime.ts";

/** What is wrong in a pack whose shape is right, by its path in the pack. */
export interface Contradiction {
  path: PropertyKey[];
  message: string;
  remedy: string;
}

/** Statements of one expression that are tried in every combination; more than this are not. */
const TRIED = 14;
const PARTS = ["met", "proven", "potential"] as const;

/** Finds what contradicts itself in a pack: what nobody can meet, ask or answer, ids that lead nowhere. */
export function checkRegime(regime: Regime): Contradiction[] {
  const found: Contradiction[] = [];
  const add = (path: PropertyKey[], message: string, remedy: string) => found.push({ path, message, remedy });
  const { criteria, questions, clocks } = regime;

  for (const [name, list] of Object.entries({ criteria, questions, clocks })) {
    const seen = new Set<string>();
    for (const [i, { id }] of list.entries()) {
      if (seen.has(id)) add([name, i, "id"], `${id} is defined twice`, "give each its own id");
      seen.add(id);
    }
  }
  const known = new Set(criteria.map(({ id }) => id));
  const unknown = (path: PropertyKey[], ids: readonly string[]) => {
    for (const [i, id] of ids.entries())
      if (!known.has(id)) add([...path, i], `no criterion ${id}`, `name one of ${[...known].join(", ")}`);
  };
  for (const [i, { criteria: ids }] of questions.entries()) unknown(["questions", i, "criteria"], ids);
  for (const [i, clock] of clocks.entries()) {
    unknown(["clocks", i, "when"], clock.when);
    if (clock.hours !== undefined && clock.months !== undefined)
      add(["clocks", i], "hours and months are both given", "keep the one that the text names");
  }

  for (const [i, criterion] of criteria.entries()) {
    for (const part of PARTS) {
      const expression = criterion[part];
      if (expression === undefined) continue;
      const path = ["criteria", i, part];
      if (leavesOf(expression).some(({ leaf, negated }) => negated && "presumed" in leaf && leaf.presumed))
        add(path, "presumed: not under not would make silence a yes", "leave presumed out under not");
      const can = reach(expression);
      if (!can.true) {
        const clash = demandedAndForbidden(expression);
        const why = clash === undefined ? "" : `: ${clash.name} is both required and excluded`;
        add(
          [...path, ...(clash?.path ?? [])],
          `${criterion.id} can never be met${why}`,
          "require it or exclude it, not both",
        );
      }
      if (!can.false) add(path, `${criterion.id} is met whatever the facts`, "correct the expression");
    }
    if (criterion.only_when_stated) continue;
    const asked = new Set<string>(
      questions
        .filter(({ criteria: ids }) => ids.includes(criterion.id))
        .flatMap(({ answers }) => answers.flatMap(({ states }) => states.map(({ fact }) => fact))),
    );
    for (const kind of openFacts(criterion))
      if (!asked.has(kind))
        add(
          ["criteria", i],
          `${criterion.id} waits for ${kind}, which no question of its asks`,
          "ask it, or write presumed: not",
        );
  }
  for (const [i, question] of questions.entries()) {
    const states = new Set<string>(
      question.answers.flatMap((answer) => answer.states.map((state) => state.fact)),
    );
    for (const [j, id] of question.criteria.entries()) {
      const criterion = criteria.find((each) => each.id === id);
      if (criterion === undefined) continue;
      const used = PARTS.flatMap((part) => (criterion[part] ? leavesOf(criterion[part]) : [])).some(
        ({ leaf }) => "fact" in leaf && states.has(leaf.fact),
      );
      if (!used)
        add(
          ["questions", i, "criteria", j],
          `no answer to ${question.id} says anything about ${id}`,
          "remove the criterion from the question, or correct the answers",
        );
    }
  }
  if (regime.applies && leavesOf(regime.applies).some(({ leaf }) => !("facility" in leaf)))
    add(["applies"], "asks for facts", "applies is about the facility: use facility");
  const { effective_from: from, effective_until: until } = regime;
  if (from !== undefined && until !== undefined && until < from)
    add(["effective_until"], "ends before it begins", "correct one of the dates");
  found.push(...wrongForm(regime));
  if (!regime.enabled && regime.reason === undefined)
    add(["enabled"], "not enabled, and nobody knows why", "give the reason");
  return found;
}

/** What does not go together in the text of a pack, and in who approves it. */
function wrongForm({ form, leads, approvers, clocks }: Regime): Contradiction[] {
  const found: Contradiction[] = [];
  const add = (path: PropertyKey[], message: string, remedy: string) => found.push({ path, message, remedy });
  if (leads && form === undefined)
    add(["leads"], "it leads and has no form", "give it a form.yml, or remove leads");
  if (leads && approvers !== undefined)
    add(["approvers"], "the director or the delegate approves what leads", "remove approvers");
  if (!leads && form !== undefined && approvers === undefined)
    add(["approvers"], "nobody approves its text", "name the roles that do, or write leads: true");
  if (form === undefined) return found;
  const ids = form.sections.flatMap(({ fields }) => fields.map(({ id }) => id));
  for (const id of new Set(ids.filter((each, n) => ids.indexOf(each) < n)))
    add(["form"], `field ${id} is there twice`, "give each its own id");
  const counted = clocks.some(({ hours, months }) => hours !== undefined || months !== undefined);
  if (!leads && counted && !ids.includes(LATE_FIELD))
    add(["form"], `no field ${LATE_FIELD}, and a clock runs out`, `add the field ${LATE_FIELD}`);
  return found;
}

/** Kinds of fact that leave a criterion unknown while nobody has stated them. */
function openFacts(criterion: Regime["criteria"][number]): string[] {
  const leaves = PARTS.flatMap((part) => (criterion[part] ? leavesOf(criterion[part]) : []));
  return [
    ...new Set(leaves.flatMap(({ leaf }) => ("fact" in leaf && leaf.presumed !== "not" ? [leaf.fact] : []))),
  ];
}

/** Which of true and false an expression can come to, over every state of its statements that can be. */
function reach(expression: Expression): { true: boolean; false: boolean } {
  const leaves: Leaf[] = [];
  const places = new Map<Leaf, number>();
  for (const { leaf } of leavesOf(expression)) {
    const known = leaves.findIndex((each) => sameStatement(each, leaf));
    places.set(leaf, known < 0 ? leaves.push(leaf) - 1 : known);
  }
  if (leaves.length > TRIED) return { true: true, false: true };
  const rules = leaves.flatMap((one, i) => leaves.map((other, j) => ruleOf(one, other, i === j)));
  const size = leaves.length;
  const can = { true: false, false: false };
  for (let bits = 0; bits < 2 ** size && !(can.true && can.false); bits++) {
    const state = (place: number) => (bits >> place) % 2 === 1;
    const impossible = rules.some((rule, at) => {
      const [one, other] = [state(Math.floor(at / size)), state(at % size)];
      return (
        (rule === "implies" && one && !other) ||
        (rule === "differ" && one === other) ||
        (rule === "exclude" && one && other)
      );
    });
    if (impossible) continue;
    can[comesTrue(expression, (leaf) => state(places.get(leaf) ?? 0)) ? "true" : "false"] = true;
  }
  return can;
}

function comesTrue(expression: Expression, holds: (leaf: Leaf) => boolean): boolean {
  if ("any" in expression) return expression.any.some((each) => comesTrue(each, holds));
  if ("all" in expression) return expression.all.every((each) => comesTrue(each, holds));
  if ("not" in expression) return !comesTrue(expression.not, holds);
  return holds(expression);
}

function sameStatement(a: Leaf, b: Leaf): boolean {
  const bare = (leaf: Leaf) => ({ ...leaf, presumed: undefined });
  return isDeepStrictEqual(bare(a), bare(b));
}

/** What holding of one statement says of another: a narrower one implies the wider; a facility is of one kind. */
function ruleOf(one: Leaf, other: Leaf, same: boolean): "implies" | "exclude" | "differ" | undefined {
  if (same) return undefined;
  if ("facility" in one && "facility" in other) {
    const [a, b] = [one.facility, other.facility];
    if (a.kind && b.kind) return a.kind.some((kind) => b.kind?.includes(kind)) ? undefined : "exclude";
    return a.cyber_insurance !== undefined && b.cyber_insurance !== undefined ? "differ" : undefined;
  }
  const alike =
    ("fact" in one && "fact" in other && one.fact === other.fact) ||
    ("lasting" in one && "lasting" in other && one.lasting === other.lasting);
  return alike && wider(other, one) ? "implies" : undefined;
}

function wider(one: Leaf, than: Leaf): boolean {
  const filter = (leaf: Leaf): SystemFilter => ("system" in leaf && leaf.system) || {};
  const narrow = Object.entries(filter(than));
  return Object.entries(filter(one)).every(([key, value]) =>
    narrow.some(([name, wanted]) => name === key && isDeepStrictEqual(value, wanted)),
  );
}

/** A statement that an expression demands and forbids at once, with the path of what forbids it. */
function demandedAndForbidden(expression: Expression): { name: string; path: PropertyKey[] } | undefined {
  const demanded: Leaf[] = [];
  const forbidden: { leaf: Leaf; path: PropertyKey[] }[] = [];
  const walk = (each: Expression, path: PropertyKey[]): void => {
    if ("all" in each) for (const [i, part] of each.all.entries()) walk(part, [...path, "all", i]);
    else if ("not" in each) {
      const parts = "any" in each.not ? each.not.any : [each.not];
      for (const leaf of parts) if (isLeaf(leaf)) forbidden.push({ leaf, path: [...path, "not"] });
    } else if (isLeaf(each)) demanded.push(each);
  };
  walk(expression, []);
  const found = forbidden.find(({ leaf }) =>
    demanded.some((each) => sameStatement(each, leaf) || ruleOf(each, leaf, false) === "implies"),
  );
  return found && { name: nameOf(found.leaf), path: found.path };
}

function isLeaf(expression: Expression): expression is Leaf {
  return "fact" in expression || "lasting" in expression || "facility" in expression;
}

function nameOf(leaf: Leaf): string {
  if ("fact" in leaf) return leaf.fact;
  return "lasting" in leaf ? leaf.lasting : Object.keys(leaf.facility).join(", ");
}
