import { z } from "zod";

/** The enumeration of what a table has labels, or more, for: its names, in their order. */
export function enumOf<Name extends string>(table: Readonly<Record<Name, unknown>>) {
  return z.enum(Object.keys(table) as [Name, ...Name[]]);
}
