import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT, read } from "./documents.ts";

/** One file that a document names as evidence, and the titles of tests that it names with it. */
export interface Evidence {
  file: string;
  titles: string[];
}

const NAMED =
  /`((?:agent|config|connectors|deploy|docs|rules|test)\/[\w./-]+|\.npmrc|Dockerfile|SECURITY\.md)`((?:,? (?:and )?“[^”]+”)*)/g;

/** Reads the evidence of a text: a path in backquotes, then titles of its tests in “quotation marks”. */
export function evidenceIn(text: string): Evidence[] {
  return [...text.matchAll(NAMED)].map(([, file = "", quoted = ""]) => ({
    file,
    titles: [...quoted.matchAll(/“([^”]+)”/g)].map(([, title = ""]) => title),
  }));
}

/** What of evidence is not there: a file, or a test of that title that is neither skipped nor a plan. */
export function missingOf(evidence: readonly Evidence[]): string[] {
  return evidence.flatMap(({ file, titles }) => {
    if (!existsSync(join(ROOT, file))) return [file];
    if (titles.length === 0) return [];
    const known = titlesOf(file);
    return titles.filter((title) => !known.has(title)).map((title) => `${file}: ${title}`);
  });
}

const known = new Map<string, ReadonlySet<string>>();
const TESTS = new Set(["it", "describe", "itPeer", "describePeer"]);
/** What is still a test of its title; `skip` and `todo` are not. */
const KINDS = new Set(["each", "concurrent", "skipIf", "runIf"]);

/** The titles of the tests, and of their groups, that a file has. */
export function titlesOf(file: string): ReadonlySet<string> {
  const found = known.get(file) ?? readTitles(file);
  known.set(file, found);
  return found;
}

function readTitles(file: string): ReadonlySet<string> {
  const titles = new Set<string>();
  const walk = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression))
      for (const argument of node.arguments.slice(0, 2))
        if (ts.isStringLiteralLike(argument)) titles.add(argument.text);
        else if (ts.isTemplateExpression(argument)) titles.add(argument.getText().slice(1, -1));
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
  return titles;
}

function isTest(called: ts.Expression): boolean {
  if (ts.isIdentifier(called)) return TESTS.has(called.text);
  if (ts.isPropertyAccessExpression(called)) return KINDS.has(called.name.text) && isTest(called.expression);
  return ts.isCallExpression(called) && isTest(called.expression);
}
