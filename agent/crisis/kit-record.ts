import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { KitView } from "../core/house-view.ts";
import { stampOf } from "../core/stamp-of.ts";
import { type CrisisKit, crisisKit } from "../stages/documents/crisis-kit.ts";
import { crisisKitPdf } from "../stages/documents/crisis-kit-pdf.ts";
import { type DurableFile, durableFile } from "../store/backup/durable-file.ts";
import type { PartSource } from "../store/backup/manifest.ts";

/** Of which kit a file tells: when it was made, and of what. */
const KitRecord = z.strictObject({ made: z.int(), fingerprint: z.string() });
type KitRecord = z.infer<typeof KitRecord>;

/** A kit printed longer ago has a roster that is over. */
const OLD = 30 * MICROSECONDS.day;
/** For how long the kit of the valise stands unless what it is made of changes. */
const STANDS = MICROSECONDS.day;
/** In the state directory: what was printed last, and what the daemon found the kit to be last. */
const FILES = { printed: "kit-imprime.json", current: "kit-actuel.json" } as const;

/** Writes the kit as a file with its date into a folder, and notes that it was made to be printed. */
export async function printKit(kit: CrisisKit, folder: string, stateDirectory: string): Promise<string> {
  const file = join(folder, `kit-${stampOf(kit.made)}${kit.exercise ? "-EXERCICE" : ""}.pdf`);
  const bytes = await crisisKitPdf(kit);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  put(durableFile(file), bytes);
  note(stateDirectory, "printed", kit);
  note(stateDirectory, "current", kit);
  return file;
}

/** The kit as a part of the valise, drawn anew when it changed or is a day old; kept in the state directory meanwhile. */
export async function kitPart(
  { stateDirectory }: { stateDirectory: string },
  parts: Parameters<typeof crisisKit>[0],
): Promise<PartSource> {
  const kit = await crisisKit(parts);
  const folder = join(stateDirectory, ".kit");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const standing = read(stateDirectory, "current");
  const [name] = readdirSync(folder);
  const stands = standing?.fingerprint === kit.fingerprint && kit.made - standing.made < STANDS;
  if (name !== undefined && stands) return { path: `kit/${name}`, file: join(folder, name), secret: false };
  const bytes = await crisisKitPdf(kit);
  const fresh = `kit-${stampOf(kit.made)}.pdf`;
  for (const old of readdirSync(folder)) rmSync(join(folder, old), { force: true });
  put(durableFile(join(folder, fresh)), bytes);
  note(stateDirectory, "current", kit);
  return { path: `kit/${fresh}`, file: join(folder, fresh), secret: false };
}

/** How the printed kit stands beside what it would be now. */
export function kitView({ stateDirectory }: { stateDirectory: string }, now: Instant): KitView {
  const printed = read(stateDirectory, "printed");
  if (printed === undefined) return { made: null, stale: "never" };
  const current = read(stateDirectory, "current");
  const changed = current !== undefined && current.fingerprint !== printed.fingerprint;
  return { made: printed.made, stale: changed ? "changed" : now - printed.made > OLD ? "old" : null };
}

function note(stateDirectory: string, which: keyof typeof FILES, { made, fingerprint }: KitRecord): void {
  const file = durableFile(join(stateDirectory, FILES[which]), { replace: true });
  put(file, Buffer.from(`${JSON.stringify({ made, fingerprint })}\n`));
}

function read(stateDirectory: string, which: keyof typeof FILES): KitRecord | undefined {
  try {
    return KitRecord.parse(JSON.parse(readFileSync(join(stateDirectory, FILES[which]), "utf8")));
  } catch {
    return undefined;
  }
}

function put(file: DurableFile, bytes: Buffer): void {
  try {
    file.write(bytes);
    file.end();
    file.keep();
  } catch (error) {
    file.discard();
    throw error;
  }
}
