import type { Problem } from "../../agent/core/errors.ts";
import { type Inventory, keepHosts, type RawHost } from "./found-hosts.ts";
import { readCsv } from "./read-csv.ts";

/** What the columns of an export are called, folded: without case and accents. */
export interface Columns {
  name: readonly string[];
  aliases?: readonly string[];
  /** Its cells may hold several, one a line or separated by spaces, commas, semicolons or bars. */
  addresses?: readonly string[];
  /** Addresses or names, as monitoring was told to reach the machine. */
  targets?: readonly string[];
  groups?: readonly string[];
  /** From the widest to the narrowest place. */
  location?: readonly string[];
  system?: readonly string[];
  /** `0` in it means that the machine is switched off. */
  active?: readonly string[];
}

/** Reads a CSV export by the names of its columns, whatever their order. */
export function readColumns(
  text: string,
  file: string,
  columns: Columns,
  options: { quotes?: boolean } = {},
): Inventory {
  const { header, rows, problems } = readCsv(text, file, options);
  const folded = header.map(fold);
  const places = (names: readonly string[] = []) =>
    folded.flatMap((column, i) => (names.some((name) => isColumn(column, name)) ? [i] : []));
  const [name] = places(columns.name);
  if (name === undefined) {
    if (header.length > 0) problems.push(noName(header, columns, file));
    return { hosts: [], problems, leftOut: 0 };
  }
  const at = {
    aliases: places(columns.aliases),
    addresses: places(columns.addresses),
    targets: places(columns.targets),
    groups: places(columns.groups),
    location: places(columns.location),
    system: places(columns.system),
    active: places(columns.active),
  };
  const raw = rows.map(({ cells, whereOf }): RawHost => {
    const of = (indexes: readonly number[]) => indexes.map((i) => cells[i] ?? "");
    return {
      name: cells[name],
      aliases: of(at.aliases).flatMap(several),
      addresses: of(at.addresses).flatMap(several),
      targets: of(at.targets),
      groups: of(at.groups).flatMap((cell) => cell.split(/[\n,|]|<br ?\/?>/i)),
      location: of(at.location)
        .filter((cell) => cell.trim() !== "" && cell !== "—")
        .join(" > "),
      system: of(at.system)[0],
      used: of(at.active)[0]?.trim() !== "0",
      where: () => whereOf(name),
    };
  });
  const kept = keepHosts(raw, file);
  return { ...kept, problems: [...problems, ...kept.problems] };
}

function several(cell: string): string[] {
  return cell.split(/<br ?\/?>|[\s,;|]+/i);
}

/** A column that a tool shows within a group is headed `Group - Name`. */
function isColumn(column: string, name: string): boolean {
  return column === name || column.endsWith(` - ${name}`);
}

export function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[\s_]+/g, " ")
    .trim();
}

function noName(header: readonly string[], columns: Columns, file: string): Problem {
  const shown = header.slice(0, 12).map((each) => JSON.stringify(each.slice(0, 40)));
  return {
    code: "csv_without_name",
    where: `${file}:1:1`,
    message: `no column is the name of the machine: there are ${shown.join(", ")}${header.length > 12 ? "…" : ""}`,
    remedy: `name one of them ${columns.name.map((each) => `"${each}"`).join(" or ")}, or choose another --from`,
  };
}
