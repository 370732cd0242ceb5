import { type BigIntStats, statSync } from "node:fs";
import { TocsinError } from "../../core/errors.ts";

/**
 * Watches that the paths of an open database still lead to the files that are open.
 *
 * The function it returns throws `store_gone` from the first time that one does not: what is written to a file that
 * was removed or replaced is lost with the process. A look costs microseconds, so it is taken at every group.
 */
export function watchFiles(files: readonly string[]): () => void {
  const opened = files.map((file) => ({ file, mark: markOf(file) })).filter(({ mark }) => mark !== undefined);
  let gone: string | undefined;
  return () => {
    gone ??= opened.find(({ file, mark }) => markOf(file) !== mark)?.file;
    if (gone === undefined) return;
    throw new TocsinError({
      code: "store_gone",
      where: gone,
      message: "the file was removed or replaced while the database was open; nothing more is accepted",
      remedy: "put the database back, then start the daemon again",
    });
  };
}

function markOf(file: string): string | undefined {
  let stat: BigIntStats | undefined;
  try {
    stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    // A path that cannot be followed any more does not lead to the file.
    return undefined;
  }
  return stat && `${stat.dev}:${stat.ino}`;
}
