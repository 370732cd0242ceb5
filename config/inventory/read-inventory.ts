import type { Problem } from "../../agent/core/errors.ts";
import { readCentreon } from "./formats/centreon.ts";
import { readGlpi } from "./formats/glpi.ts";
import { readNetbox } from "./formats/netbox.ts";
import { readPlainCsv, readPlainJson } from "./formats/plain.ts";
import { readWazuh } from "./formats/wazuh.ts";
import type { FoundHost, Inventory } from "./found-hosts.ts";

/** The kinds of export that are read, by the name that the command takes. */
export const INVENTORY_FORMATS: Readonly<Record<string, (text: string, file: string) => Inventory>> = {
  glpi: readGlpi,
  centreon: readCentreon,
  wazuh: readWazuh,
  netbox: readNetbox,
  csv: readPlainCsv,
  json: readPlainJson,
};

/** Largest export, bytes. */
export const EXPORT_BYTES = 64 * 1024 * 1024;

/** Reads the pages of one export; `incomplete` when the tool says that it has more machines than these. */
export function readInventory(
  format: (text: string, file: string) => Inventory,
  pages: readonly { file: string; bytes: Uint8Array }[],
): { hosts: FoundHost[]; problems: Problem[]; leftOut: number; incomplete: Problem | undefined } {
  const hosts = new Map<string, FoundHost>();
  const problems: Problem[] = [];
  let [leftOut, entries, total] = [0, 0, 0];
  for (const { file, bytes } of pages) {
    const text = textOf(bytes);
    if (text === undefined) {
      const remedy = "export or save it as UTF-8 (LibreOffice: Save As, Edit filter settings)";
      problems.push({ code: "not_utf8", where: file, message: "the text is not UTF-8", remedy });
      continue;
    }
    const read = format(text, file);
    leftOut += read.leftOut;
    entries += read.leftOut + read.hosts.length + read.problems.length;
    total = Math.max(total, read.total ?? 0);
    problems.push(...read.problems);
    for (const host of read.hosts) {
      const earlier = hosts.get(host.name.toLowerCase());
      if (earlier === undefined) hosts.set(host.name.toLowerCase(), host);
      else
        problems.push({
          code: "host_repeated",
          where: host.where,
          message: `"${host.name}" is already at ${earlier.where}`,
          remedy: "keep one of the two, or give each its full name",
        });
    }
  }
  return { hosts: [...hosts.values()], problems, leftOut, incomplete: missing(entries, total, pages) };
}

function missing(entries: number, total: number, pages: readonly { file: string }[]): Problem | undefined {
  if (entries >= total) return undefined;
  return {
    code: "export_incomplete",
    where: pages.map(({ file }) => file).join(", "),
    message: `${entries} machines of ${total}: the rest would be taken for gone`,
    remedy: "ask for all of them (limit=0 for NetBox, a larger limit elsewhere), or give every page",
  };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
