import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import type { Inbound, ParseContext } from "../../../connectors/contract.ts";
import { systemClock } from "../../core/clock.ts";
import type { HuntRecord } from "../../core/hunt.ts";
import type { SearchedRecord } from "../../stages/hunt/open-search.ts";
import { parseText } from "../../stages/ingest.ts";
import { type InputForm, readRecords } from "../records.ts";
import { withProgress } from "../with-progress.ts";

/** Reads recordings as `replay` does and hands their records on; says what was read, with its SHA-256. */
export async function huntFiles(
  paths: readonly string[],
  {
    source,
    context,
    input,
    take,
    progress,
  }: {
    source: Inbound | string;
    context: ParseContext;
    input: InputForm;
    take: (record: SearchedRecord) => Promise<void>;
    /** Told the bytes read, of all there are. */
    progress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<HuntRecord & { what: "files" }> {
  const files: { name: string; bytes: number; sha256: string }[] = [];
  const total =
    progress === undefined
      ? 0
      : paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  let all = 0;
  const records = async function* (onRead: (bytes: number) => void) {
    for (const path of paths) {
      const digest = createHash("sha256");
      let bytes = 0;
      const heard = (more: number, chunk: Buffer) => {
        bytes += more;
        digest.update(chunk);
        onRead(more);
        all += more;
        progress?.(all, total);
      };
      yield* readRecords([path], { input, onRead: heard });
      files.push({
        name: path === "-" ? "entrée standard" : basename(path),
        bytes,
        sha256: digest.digest("hex"),
      });
    }
  };
  for await (const record of withProgress(paths, { stream: process.stderr, now: systemClock.now }, records)) {
    if (record.text === "" && record.error === undefined) continue;
    await take({ alert: parseText(source, record, context).alert });
  }
  return { what: "files", files };
}
