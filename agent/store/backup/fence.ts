import { type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../../core/canonical-json.ts";
import { isoFromInstant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import { fingerprintOf, type SigningKey } from "../keys.ts";
import { durableFile } from "./durable-file.ts";
import { epochOf } from "./epoch.ts";

const Statement = z.strictObject({
  format: z.literal("tocsin-fence/1"),
  facility: z.string(),
  /** The epoch that goes on: every installation of an earlier one stands still. */
  epoch: z.int().min(2),
  /** Where the journal stood that was taken over. */
  from: z.strictObject({ seq: z.int().min(0), hash: z.string() }),
  at: z.int(),
  /** Who took it over, and the machine. */
  by: z.string().max(200),
  host: z.string().max(200),
  key: z.string().regex(/^[0-9a-f]{16}$/),
});

/** Says that a record goes on elsewhere; signed with the facility's key, so that no share or USB key can stop a daemon. */
export const Fence = Statement.extend({ signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/) });
export type Fence = z.infer<typeof Fence>;

const LONGEST = 10_000;

/** Where a folder holds the fence of a facility. */
export function fenceFileOf(folder: string, facility: string): string {
  return join(folder, `cloture-${facility}.json`);
}

/** Signs a fence and puts it into a folder, in place of an earlier one. */
export function raiseFence(
  folder: string,
  fence: Omit<Fence, "format" | "key" | "signature">,
  key: SigningKey,
): Fence {
  const statement = Statement.parse({ ...fence, format: "tocsin-fence/1", key: key.fingerprint });
  const signature = sign(null, Buffer.from(canonicalJson(statement)), key.privateKey).toString("base64url");
  const signed = { ...statement, signature };
  writeFence(folder, signed);
  return signed;
}

/** Puts a signed fence into a folder. */
export function writeFence(folder: string, fence: Fence): void {
  const file = durableFile(fenceFileOf(folder, fence.facility), { replace: true });
  try {
    file.write(Buffer.from(`${JSON.stringify(fence, null, 2)}\n`));
    file.end();
    file.keep();
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** Reads the fence of a facility in a folder; undefined when there is none that its key signed. */
export function readFence(folder: string, facility: string, publicKey: KeyObject): Fence | undefined {
  try {
    const text = readFileSync(fenceFileOf(folder, facility), "utf8");
    const fence = Fence.parse(JSON.parse(text.slice(0, LONGEST)));
    const { signature, ...statement } = fence;
    if (fence.facility !== facility || fence.key !== fingerprintOf(publicKey)) return undefined;
    const bytes = Buffer.from(signature, "base64url");
    return verify(null, Buffer.from(canonicalJson(statement)), publicKey, bytes) ? fence : undefined;
  } catch {
    return undefined;
  }
}

/** The fence that stops a state directory, looked for there and in the second place; kept here once it was seen. */
export function fencedBy(place: {
  stateDirectory: string;
  facility: string;
  publicKey: KeyObject;
  /** The second place, if there is one. */
  folder: string | undefined;
}): Fence | undefined {
  const { stateDirectory, facility, publicKey, folder } = place;
  const epoch = epochOf(stateDirectory);
  const own = readFence(stateDirectory, facility, publicKey);
  if (own !== undefined && own.epoch > epoch) return own;
  const there = folder === undefined ? undefined : readFence(folder, facility, publicKey);
  if (there === undefined || there.epoch <= epoch) return undefined;
  try {
    // So that a key that is unplugged does not set the old machine going again.
    writeFence(stateDirectory, there);
  } catch {
    // It is found again in the second place.
  }
  return there;
}

/** What a person reads who starts what was taken over elsewhere. */
export function fencedError(fence: Fence, stateDirectory: string): TocsinError {
  return new TocsinError({
    code: "fenced",
    where: stateDirectory,
    message: `this record was taken over on ${fence.host} by ${fence.by} at ${isoFromInstant(fence.at)}, from entry ${fence.from.seq} of its journal (epoch ${fence.epoch}); two that go on would make two records`,
    remedy:
      "leave this one as it stands (tocsin verify, register and report still read it), and go on with the other; to come back here, restore a backup of that one (docs/fr/crise.md)",
  });
}
