import { PIECES } from "../cipher/sealed-columns.ts";
import type { Columns } from "./sql.ts";

/** The bytes of pieces in clear: which are sealed is told by a column, since all are bytes. */
export function shownPieces(columns: Pick<Columns, "clear" | "sealing">, alias: string): string {
  if (columns.sealing === null) return `${alias}.bytes`;
  return `CASE WHEN ${alias}.sealed IS NULL THEN ${alias}.bytes ELSE ${columns.clear(PIECES, alias)} END AS bytes`;
}
