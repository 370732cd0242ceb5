import type { CaseResult } from "../../../rules/engine/cases.ts";
import { type Problem, problemSentence } from "../../core/errors.ts";

/** Writes case results as a JUnit report: a suite a file of cases, a case a record; what went wrong beside them is an error. */
export function junitReport(results: readonly CaseResult[], problems: readonly Problem[]): string {
  const suites = [...Map.groupBy(results, ({ file }) => file)].map(([file, own]) => suiteOf(file, own));
  if (problems.length > 0) {
    const cases = problems.map((problem) => {
      const attributes = { classname: problem.where ?? "rules", name: problem.code };
      const error = element("error", { type: problem.code, message: problemSentence(problem) });
      return element("testcase", attributes, [error]);
    });
    suites.push(
      element("testsuite", { name: "rules", tests: cases.length, failures: 0, errors: cases.length }, cases),
    );
  }
  const failures = results.filter(({ outcome }) => outcome === "failed").length;
  const totals = {
    name: "rules test",
    tests: results.length + problems.length,
    failures,
    errors: problems.length,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", totals, suites)}\n`;
}

function suiteOf(file: string, results: readonly CaseResult[]): string {
  const numbers = new Map<string, number>();
  const cases = results.map(({ rule, as, expected, record, outcome, because = "" }) => {
    const number = (numbers.get(expected) ?? 0) + 1;
    numbers.set(expected, number);
    const attributes = { classname: rule, name: `${expected} ${number}, as ${as}`, file };
    if (outcome === "passed") return element("testcase", attributes);
    return element("testcase", attributes, [
      element("failure", { type: "verdict", message: because }, [escaped(record)]),
    ]);
  });
  const failures = results.filter(({ outcome }) => outcome === "failed").length;
  return element("testsuite", { name: file, tests: results.length, failures, errors: 0 }, cases);
}

function element(name: string, attributes: Record<string, string | number>, children: string[] = []): string {
  const spelt = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  const open = `<${name}${spelt.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>\n${children.join("\n")}\n</${name}>`;
}

const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** Text as XML 1.0 may hold it: what no reference can write (§2.2) becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(/[&<>"\n\r\t]/g, (character) => REFERENCES[character] as string);
}
