import { globSync } from "node:fs";
import ts from "typescript";
import { ROOT, read } from "./documents.ts";

/** The files of the program itself: what runs in production. */
export const PRODUCT = globSync("{agent,config,connectors,rules}/**/*.ts", { cwd: ROOT })
  .filter((file) => !file.endsWith(".test.ts") && !file.includes("/_template/"))
  .sort();

let parsed: ts.SourceFile[] | undefined;

/** Every node of a file's syntax that `found` says something of, as `file: what`. */
export function findInProduct(found: (node: ts.Node, file: string) => string | undefined): string[] {
  parsed ??= PRODUCT.map((file) => ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
  return parsed.flatMap((source) => {
    const file = source.fileName;
    const said: string[] = [];
    const walk = (node: ts.Node): void => {
      const what = found(node, file);
      if (what !== undefined) said.push(`${file}: ${what}`);
      ts.forEachChild(node, walk);
    };
    walk(source);
    return said;
  });
}
