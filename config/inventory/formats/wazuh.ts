import { isObject } from "../../../connectors/shared/json.ts";
import { type Inventory, keepHosts } from "../found-hosts.ts";
import { readJsonList } from "../read-json-list.ts";

/**
 * Reads the answer of `GET /agents` of the Wazuh server API, of version 4 and 5 (`data.affected_items`) or 3
 * (`data.items`).
 *
 * Sources: https://documentation.wazuh.com/current/user-manual/agent/agent-management/listing/listing.html and
 * https://documentation.wazuh.com/3.9/user-manual/agents/listing/listing.html, read on 2026-11-22.
 */
export function readWazuh(text: string, file: string): Inventory {
  const { list, problem } = readJsonList(text, file, ["data.affected_items", "data.items"]);
  if (list === undefined) return { hosts: [], problems: [problem], leftOut: 0 };
  const data = isObject(list.document) && isObject(list.document.data) ? list.document.data : {};
  const total = data.total_affected_items ?? data.totalItems;
  const kept = keepHosts(
    list.items.map((item, i) => {
      const { name, ip, group } = isObject(item) ? item : {};
      return {
        name,
        addresses: [ip],
        groups: Array.isArray(group) ? group : [group],
        where: () => list.whereOf(i),
      };
    }),
    file,
  );
  return { ...kept, total: typeof total === "number" ? total : undefined };
}
