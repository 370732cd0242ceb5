/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  word: string;
  rest: string;
}

/** Reads a Dockerfile; heredocs are not known. */
export function instructionsOf(text: string): Instruction[] {
  return text
    .replace(/^ *#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .flatMap((line) => {
      const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
      return word === "" ? [] : [{ word, rest }];
    });
}

/** The instructions of each stage, from its FROM on. */
export function stagesOf(instructions: readonly Instruction[]): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const each of instructions) {
    if (each.word === "FROM") stages.push([]);
    stages.at(-1)?.push(each);
  }
  return stages;
}

/** What a .dockerignore leaves out: of the patterns that match a path or a folder above it, the last decides. */
export function ignoring(patterns: string): (path: string) => boolean {
  const rules = patterns
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => ({
      out: !line.startsWith("!"),
      matches: new RegExp(
        `^${line
          .replace(/^!/, "")
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replace(/\*\*\//g, "(?:.*/)?")
          .replace(/\*\*/g, ".*")
          .replace(/(?<![.)])\*/g, "[^/]*")}(?:/.*)?$`,
      ),
    }));
  return (path) => rules.findLast(({ matches }) => matches.test(path))?.out ?? false;
}
