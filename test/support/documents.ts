import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
/** The text of a file of the repository. */
export const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const FOUND = ["README.md", "CONTRIBUTING.md", ...globSync("docs/**/*.md", { cwd: ROOT }).sort()];
/** Pages made of the mappings: source-pages.test.ts reads all of their records in one process, not one each. */
const MADE = /^docs\/(?:fr\/)?sources\//;
/** Documents whose commands are run. */
export const DOCUMENTS = FOUND.filter((file) => !MADE.test(file));
/** Documents whose links are followed. */
export const LINKED = [
  ...FOUND,
  "DECISIONS.md",
  "CHANGELOG.md",
  "SECURITY.md",
  ...globSync("deploy/**/*.md", { cwd: ROOT }).sort(),
];

/** The fenced blocks of a document, with their languages. */
export function fencesOf(file: string): { language: string; lines: string[] }[] {
  const fences: { language: string; lines: string[] }[] = [];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of read(file).split("\n")) {
    const fence = /^ *```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === undefined) open = { language: fence[1] ?? "", lines: [] };
    else {
      fences.push(open);
      open = undefined;
    }
  }
  return fences;
}
