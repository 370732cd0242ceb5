import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What a release was made of. */
export interface Made {
  /** Where each file that is handed on stands. */
  files: readonly string[];
  version: string;
  /** Commit of git. */
  commit: string;
  lockfile: Uint8Array;
  /** URI of who builds; whoever verifies says which they trust. */
  builder: string;
}

/**
 * The statement of where a release comes from: in-toto v1 with SLSA provenance v1 (https://slsa.dev/provenance/v1),
 * unsigned and without any time, so that two builders of one commit state the same but for their names.
 */
export function provenanceOf({ files, version, commit, lockfile, builder }: Made) {
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: files.map((file) => ({ name: basename(file), digest: { sha256: sha256(readFileSync(file)) } })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "urn:tocsin:release:1",
        externalParameters: { version },
        resolvedDependencies: [
          { uri: "urn:tocsin:commit", digest: { gitCommit: commit } },
          { uri: "urn:tocsin:package-lock.json", digest: { sha256: sha256(lockfile) } },
        ],
      },
      runDetails: { builder: { id: builder } },
    },
  };
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  const statement = provenanceOf({
    files: process.argv.slice(2),
    version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
    commit: execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
    lockfile: readFileSync(join(root, "package-lock.json")),
    builder: process.env.TOCSIN_BUILDER ?? "urn:tocsin:builder:unnamed",
  });
  process.stdout.write(`${JSON.stringify(statement, null, 2)}\n`);
}
