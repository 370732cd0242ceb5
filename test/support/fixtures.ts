import { readFileSync } from "node:fs";
import type { ParseContext } from "../../connectors/contract.ts";

/** When the fixtures of the inbound connectors were received. */
export const CONTEXT: ParseContext = { received: Date.UTC(2023, 9, 12) * 1000, zone: "UTC" };

/** Reads the records of a fixture: one a line. */
export function recordsOf(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}
