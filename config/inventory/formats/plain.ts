import { isObject } from "../../../connectors/shared/json.ts";
import { readColumns } from "../csv-columns.ts";
import { type Inventory, keepHosts } from "../found-hosts.ts";
import { readJsonList } from "../read-json-list.ts";

/**
 * Reads a table of our own: `name`, and if there are `aliases`, `addresses`, `groups`, `location`, `system`, or the same
 * in French.
 */
export function readPlainCsv(text: string, file: string): Inventory {
  return readColumns(text, file, {
    name: ["name", "nom", "host", "hostname", "machine"],
    aliases: ["alias", "aliases"],
    addresses: ["address", "addresses", "adresse", "adresses", "ip"],
    groups: ["group", "groups", "groupe", "groupes"],
    location: ["location", "lieu"],
    system: ["system", "systeme"],
  });
}

/** Reads a list of objects with the same names as the columns of the table, in English. */
export function readPlainJson(text: string, file: string): Inventory {
  const { list, problem } = readJsonList(text, file, ["", "hosts"]);
  if (list === undefined) return { hosts: [], problems: [problem], leftOut: 0 };
  return keepHosts(
    list.items.map((item, i) => {
      const { name, aliases, addresses, groups, location, system } = isObject(item) ? item : {};
      const many = (value: unknown) => (Array.isArray(value) ? value : [value]);
      return {
        name,
        aliases: many(aliases),
        addresses: many(addresses),
        groups: many(groups),
        location,
        system,
        where: () => list.whereOf(i),
      };
    }),
    file,
  );
}
