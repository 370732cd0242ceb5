import type { Alert } from "../../../agent/core/alert.ts";
import { isEmpty, isObject } from "../../shared/json.ts";
import { toldText } from "./told-text.ts";

type Hash = NonNullable<NonNullable<Alert["file"]>["hash"]>;

const ALGORITHMS = new Map<unknown, "md5" | "sha1" | "sha256" | "sha512" | "ssdeep">([
  [1, "md5"],
  [2, "sha1"],
  [3, "sha256"],
  [4, "sha512"],
  [5, "ssdeep"],
  ["MD5", "md5"],
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-512", "sha512"],
]);

/** Reads fingerprints: `value` since version 1.0, with the algorithm by number or by name. */
export function hashOf(list: unknown): Hash | undefined {
  if (!Array.isArray(list)) return undefined;
  const hash: Hash = {};
  for (const one of list.slice(0, 16)) {
    if (!isObject(one)) continue;
    const name = ALGORITHMS.get(one.algorithm_id) ?? ALGORITHMS.get(one.algorithm);
    const value = toldText(one.value) ?? toldText(one.fingerprint);
    if (name !== undefined && value !== undefined && value.length <= 512)
      hash[name] = name === "ssdeep" ? value : value.toLowerCase();
  }
  return isEmpty(hash) ? undefined : hash;
}
