import { isObject } from "../../../connectors/shared/json.ts";
import { readColumns } from "../csv-columns.ts";
import { type Inventory, keepHosts } from "../found-hosts.ts";
import { readJsonList } from "../read-json-list.ts";

/**
 * Reads what GLPI exports of computers: the CSV of a list, with headers in French or English and the delimiter that the
 * person chose, or the answer of `GET apirest.php/Computer/?expand_dropdowns=true`, which holds no addresses.
 *
 * Sources: https://github.com/glpi-project/glpi/blob/main/apirest.md (Get all items, List searchOptions) and
 * https://github.com/glpi-project/glpi/blob/main/src/Glpi/Search/Output/Csv.php, read on 2026-11-22.
 */
export function readGlpi(text: string, file: string): Inventory {
  if (!/^\ufeff?\s*[[{]/.test(text))
    return readColumns(text, file, {
      name: ["nom", "name"],
      addresses: ["ip", "adresse ip", "ip address"],
      groups: ["groupe", "groupes", "group", "groups"],
      location: ["lieu", "location"],
    });
  const { list, problem } = readJsonList(text, file, [""]);
  if (list === undefined) return { hosts: [], problems: [problem], leftOut: 0 };
  return keepHosts(
    list.items.map((item, i) => {
      const { name, groups_id, locations_id, is_deleted, is_template } = isObject(item) ? item : {};
      // Numbers are keys of other tables: they are names once expand_dropdowns is asked for.
      const named = (value: unknown) => (typeof value === "number" ? undefined : value);
      return {
        name,
        groups: Array.isArray(groups_id) ? groups_id.map(named) : [named(groups_id)],
        location: named(locations_id),
        used: !(isSet(is_deleted) || isSet(is_template)),
        where: () => list.whereOf(i),
      };
    }),
    file,
  );
}

function isSet(flag: unknown): boolean {
  return flag === true || flag === 1 || flag === "1";
}
