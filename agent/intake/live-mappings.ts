import { createHash } from "node:crypto";
import { type Catalogue, catalogueWith, readMappings } from "../../connectors/registry.ts";
import type { LiveReport } from "./live-rules.ts";

/** The mappings in force: who asks gets the present ones, whole. */
export interface LiveMappings {
  catalogue(): Catalogue;
  /** What they are, beside those that come with the program. */
  report(): LiveReport;
  /** Reads the mappings anew and puts them in force; what is refused stays as it was. With `other`, from there from now on. */
  reload(other?: readonly string[]): "changed" | "unchanged";
}

/** Loads the mappings of an installation, and keeps them replaceable. */
export function openLiveMappings(first: readonly string[]): LiveMappings {
  let paths = first;
  let loaded = readMappings(paths);
  let report = reportOf(loaded);
  let catalogue = catalogueWith(loaded.mappings);
  return {
    catalogue: () => catalogue,
    report: () => report,
    reload(other = paths) {
      paths = other;
      const { hash } = report;
      loaded = readMappings(paths, loaded.mappings);
      report = reportOf(loaded);
      if (report.hash === hash) return "unchanged";
      catalogue = catalogueWith(loaded.mappings);
      return "changed";
    },
  };
}

function reportOf({ mappings, problems, kept }: ReturnType<typeof readMappings>): LiveReport {
  // In their order: of two that know a record equally well, the first is taken.
  const versions = new Map(mappings.map(({ name, digest }) => [name, digest.slice(0, 12)]));
  const hash = createHash("sha256");
  for (const [name, version] of versions) hash.update(`${name} ${version}\n`);
  return { hash: hash.digest("hex"), versions, loaded: versions.size, refused: problems, kept };
}
