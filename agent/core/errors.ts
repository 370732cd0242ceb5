/** An error a person can act on: a stable code, where it happened, what happened and what to do. */
export class TocsinError extends Error {
  readonly code: string;
  readonly where: string | undefined;
  readonly remedy: string | undefined;

  constructor(problem: Problem, options?: { cause?: unknown }) {
    super(problemSentence(problem), options);
    this.name = "TocsinError";
    this.code = problem.code;
    this.where = problem.where;
    this.remedy = problem.remedy;
  }
}

/** The same as data: what a check collects, many at once. */
export interface Problem {
  /** Stable, snake_case. */
  code: string;
  /** A path, `file:line:column`, a field name. */
  where?: string | undefined;
  message: string;
  remedy?: string | undefined;
}

/** Says a problem in one line: `where: message; remedy`. */
export function problemSentence(problem: Problem): string {
  const head = problem.where === undefined ? "" : `${problem.where}: `;
  const tail = problem.remedy === undefined ? "" : `; ${problem.remedy}`;
  return `${head}${problem.message}${tail}`;
}

/** Says of a file whether problems are told of it, or of a folder above it. */
export function blames(problems: readonly Problem[]): (file: string) => boolean {
  const paths = problems.map(({ where = "" }) => where.replace(/:\d+:\d+$/, ""));
  return (file) => paths.some((path) => file === path || file.startsWith(`${path}/`));
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
