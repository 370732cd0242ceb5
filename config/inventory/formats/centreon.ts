import { isObject } from "../../../connectors/shared/json.ts";
import { readColumns } from "../csv-columns.ts";
import { type Inventory, keepHosts } from "../found-hosts.ts";
import { readJsonList } from "../read-json-list.ts";

/**
 * Reads what Centreon says of its hosts: the output of CLAPI (`centreon -o HOST -a show`), the same through its REST API
 * v1, or `GET /configuration/hosts` of the API v2, which tells groups and categories too.
 *
 * Sources: https://docs-older.centreon.com/docs/centreon/en/latest/api/clapi/objects/hosts.html,
 * https://docs.centreon.com/docs/api/rest-api-v1/ and FindHostsResponse.yaml in
 * https://github.com/centreon/centreon/tree/develop/centreon/doc/API, read on 2026-11-22.
 */
export function readCentreon(text: string, file: string): Inventory {
  if (!/^\ufeff?\s*[[{]/.test(text)) {
    // What CLAPI prints is not quoted.
    const columns = { name: ["name"], targets: ["address"], active: ["activate"] };
    return readColumns(text, file, columns, { quotes: false });
  }
  const { list, problem } = readJsonList(text, file, ["result", ""]);
  if (list === undefined) return { hosts: [], problems: [problem], leftOut: 0 };
  const meta = isObject(list.document) && isObject(list.document.meta) ? list.document.meta : {};
  const kept = keepHosts(
    list.items.map((item, i) => {
      const host = isObject(item) ? item : {};
      return {
        name: host.name,
        targets: [host.address],
        groups: [host.groups, host.categories].flatMap(namesOf),
        used: host.activate !== "0" && host.activate !== 0 && host.is_activated !== false,
        where: () => list.whereOf(i),
      };
    }),
    file,
  );
  return { ...kept, total: typeof meta.total === "number" ? meta.total : undefined };
}

function namesOf(members: unknown): unknown[] {
  return Array.isArray(members) ? members.map((each) => (isObject(each) ? each.name : undefined)) : [];
}
