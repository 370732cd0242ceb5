import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import { verifyBundle, writeBundle } from "../../store/bundle.ts";
import type { SigningKey } from "../../store/keys.ts";
import type { Store } from "../../store/store.ts";
import type { ClosedDossier } from "./closed-dossiers.ts";
import type { DueDossier } from "./find-due.ts";

/**
 * Writes the bundles of a dossier, and of those merged into it, to a folder, and verifies them as they stand on the disk;
 * throws when one could not be written or does not hold. A bundle of the same name that holds is left as it is.
 */
export async function archiveDossier(
  dossier: ClosedDossier,
  kind: DueDossier["kind"],
  parts: { store: Store; facility: string; key: SigningKey; exercise: boolean; folder: string; now: Instant },
): Promise<void> {
  const { store, facility, key, exercise, folder, now } = parts;
  // What is about to be erased is told in the name: the alerts go years before the texts.
  const what = kind === "evidence" ? "-alertes" : kind === "attachments" ? "-pieces" : "";
  await store.checkpoint(facility);
  for (const incident of dossier.family) {
    const suffix = incident === dossier.id ? "" : `-${incident.slice(-12)}`;
    const file = join(folder, `${facility}-${dossier.reference}${suffix}${what}.json`);
    if (existsSync(file)) {
      confirm(file, incident, key);
      continue;
    }
    const input = { reads: store.reads, facility, incident, created: now, exercise, key };
    writeDurably(`${file}.new`, await writeBundle(input));
    confirm(`${file}.new`, incident, key);
    renameSync(`${file}.new`, file);
  }
}

function writeDurably(file: string, bytes: Uint8Array): void {
  const handle = openSync(file, "w", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function confirm(file: string, incident: string, key: SigningKey): void {
  const verdict = verifyBundle(readFileSync(file), { publicKey: key.publicKey });
  const holds = verdict.ok && "incident" in verdict && verdict.incident === incident;
  if (holds) return;
  throw new TocsinError({
    code: "archive_unverified",
    where: file,
    message: "this is not the whole bundle of the dossier",
    remedy: "move the file away; nothing of the dossier was erased",
  });
}
