import { PIECES } from "../cipher/sealed-columns.ts";
import type { Prepare } from "./prepare.ts";

/** The bytes of pieces in clear: which are sealed is told by a column, since all are bytes. */
export function shownPieces(prepare: Prepare, alias: string): string {
  if (prepare.sealing === null) return `${alias}.bytes`;
  return `CASE WHEN ${alias}.sealed IS NULL THEN ${alias}.bytes ELSE ${prepare.clear(PIECES, alias)} END AS bytes`;
}
