import type { Advice } from "./advise.ts";
import type { LoadedConfig } from "./load.ts";

/** Bits below which a secret of ours can be found by trying. */
const ENOUGH = 80;

/** Says which secrets that we choose ourselves are easily guessed, by how few different characters they are made of. */
export function adviseSecrets({ secrets }: Pick<LoadedConfig, "secrets">): Advice[] {
  return [...secrets].flatMap(([where, secret]): Advice[] => {
    // Those of others are as they gave them.
    if (!/^(?:sources\.\d+\.(?:token|signature\.secret)|tools\.\d+\.secret)$/.test(where)) return [];
    if (atMostBits(secret.reveal()) >= ENOUGH) return [];
    const message = "it can be guessed: too short, or the same few characters over and over";
    const remedy = "make another: openssl rand -base64 32";
    return [{ code: "secret_weak", path: where.split("."), message, remedy }];
  });
}

/** How much a text can hold at most, bits, by how often each of its characters stands in it. */
function atMostBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / text.length);
  return bits;
}
