import { compilePattern, joinParts, MANY, type Part } from "./pattern.ts";
import type { Condition } from "./rule.ts";

/** What is wrong with a condition, as data; the reader adds the place. */
export interface ConditionFault {
  code: "condition_invalid" | "condition_unknown_selection" | "aggregation_unsupported";
  message: string;
  remedy: string;
}

type Outcome = { condition: Condition; fault?: undefined } | { fault: ConditionFault; condition?: undefined };

const TOKEN = /\s*(?:([()])|([\p{L}\p{N}_.*?-]+)|(\|)|(\S))/uy;
const DEEPEST = 200;
/** Selections that the patterns of one condition may stand for in all: far above what anyone writes. */
const MOST_SELECTED = 200_000;

const invalid = (message: string): ConditionFault => ({
  code: "condition_invalid",
  message,
  remedy: "write selections joined by and, or, not, parentheses, `1 of x*`, `all of x*`",
});

function tokens(text: string): string[] | ConditionFault {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, bracket, word, pipe, other] = match;
    if (pipe !== undefined || (word === "near" && found.length === 0)) {
      return {
        code: "aggregation_unsupported",
        message: `the old aggregation syntax is not part of Sigma any more: "${text.slice(match.index).trim().slice(0, 80)}"`,
        remedy:
          "write the rule without `|`, and a correlation rule (event_count, value_count, temporal) beside it",
      };
    }
    if (other !== undefined) return invalid(`unexpected "${other}" in the condition`);
    found.push((bracket ?? word) as string);
    if (TOKEN.lastIndex >= text.length) break;
  }
  return found;
}

/** Names of the selections that a pattern of the condition (`them`, `x*`) stands for. */
function selected(pattern: string, names: readonly string[]): string[] {
  if (pattern.toLowerCase() === "them") return names.filter((name) => !name.startsWith("_"));
  const literals = pattern.split("*");
  const fits = compilePattern(
    joinParts(literals.flatMap((text, at): Part[] => (at === 0 ? [text] : [MANY, text]))),
  );
  return names.filter((name) => fits(name) && (pattern.startsWith("_") || !name.startsWith("_")));
}

/** Reads one condition; precedence, loosest first: or, and, not, `x of`, parentheses. */
export function parseCondition(text: string, names: readonly string[]): Outcome {
  const list = tokens(text);
  if (!Array.isArray(list)) return { fault: list };
  let at = 0;
  let depth = 0;
  let taken = 0;
  const peek = () => list[at]?.toLowerCase();

  const many = (kind: "or" | "and", operand: () => Condition): Condition => {
    const of = [operand()];
    while (peek() === kind) {
      at += 1;
      of.push(operand());
    }
    return of.length === 1 ? (of[0] as Condition) : { kind, of };
  };
  const or = (): Condition => many("or", and);
  const and = (): Condition => many("and", unary);
  const unary = (): Condition => {
    depth += 1;
    if (depth > DEEPEST) throw invalid("the condition is nested too deeply");
    const read = peek() === "not" ? negation() : primary();
    depth -= 1;
    return read;
  };
  const negation = (): Condition => {
    at += 1;
    return { kind: "not", of: unary() };
  };
  const primary = (): Condition => {
    const word = list[at];
    if (word === undefined) throw invalid("the condition ends where a selection is expected");
    at += 1;
    if (word === "(") {
      const inner = or();
      if (list[at] !== ")") throw invalid("a parenthesis is not closed");
      at += 1;
      return inner;
    }
    if (list[at]?.toLowerCase() === "of" && !names.includes(word)) return quantified(word.toLowerCase());
    if (word === ")" || ["and", "or", "of"].includes(word.toLowerCase())) {
      if (!names.includes(word)) throw invalid(`"${word}" stands where a selection is expected`);
    }
    if (!names.includes(word)) throw unknown(word);
    return { kind: "selection", name: word };
  };
  const quantified = (quantifier: string): Condition => {
    at += 1;
    const pattern = list[at];
    if (pattern === undefined || pattern === "(" || pattern === ")")
      throw invalid("a selection is expected after `of`");
    at += 1;
    const of = selected(pattern, names);
    if (of.length === 0) throw unknown(pattern);
    taken += of.length;
    if (taken > MOST_SELECTED)
      throw invalid(`the patterns stand for over ${MOST_SELECTED} selections in all`);
    if (quantifier === "all") return { kind: "some", least: of.length, names: of };
    if (quantifier === "any") return { kind: "some", least: 1, names: of };
    if (!/^[1-9]\d{0,3}$/.test(quantifier))
      throw invalid(`"${quantifier} of" is not known: write 1, any or all`);
    return { kind: "some", least: Number(quantifier), names: of };
  };
  const unknown = (name: string): ConditionFault => ({
    code: "condition_unknown_selection",
    message: `the condition names "${name.slice(0, 80)}", which the detection does not define`,
    remedy: `use one of ${names.slice(0, 12).join(", ") || "the selections"}, or define it`,
  });

  try {
    const condition = or();
    if (at < list.length) throw invalid(`"${list[at]}" stands where and, or or the end is expected`);
    return { condition };
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    return { fault: thrown as ConditionFault };
  }
}
