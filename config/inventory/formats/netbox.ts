import { isObject, type JsonObject } from "../../../connectors/shared/json.ts";
import { readColumns } from "../csv-columns.ts";
import { type Inventory, keepHosts, textOf } from "../found-hosts.ts";
import { readJsonList } from "../read-json-list.ts";

/**
 * Reads devices or virtual machines of NetBox: the answer of `GET /api/dcim/devices/` or
 * `GET /api/virtualization/virtual-machines/`, or the CSV of either list as the page exports it.
 *
 * Sources: https://netboxlabs.com/docs/netbox/en/stable/integrations/rest-api/, netbox/dcim/tables/devices.py and
 * netbox/virtualization/tables/virtualmachines.py in https://github.com/netbox-community/netbox, and the answers of
 * https://demo.netbox.dev kept in https://github.com/arminzaugg/netbox-asset-importer, read on 2026-11-22.
 */
export function readNetbox(text: string, file: string): Inventory {
  if (!/^\ufeff?\s*[[{]/.test(text))
    return readColumns(text, file, {
      name: ["name"],
      addresses: ["ip address", "ipv4 address", "ipv6 address", "primary ip", "primary ip4", "primary ip6"],
      groups: ["role", "device role", "cluster", "tags"],
      location: ["site", "location"],
    });
  const { list, problem } = readJsonList(text, file, ["results", ""]);
  if (list === undefined) return { hosts: [], problems: [problem], leftOut: 0 };
  const total = isObject(list.document) ? list.document.count : undefined;
  const kept = keepHosts(
    list.items.map((item, i) => {
      const device = isObject(item) ? item : {};
      const named = (key: string) => (isObject(device[key]) ? device[key].name : undefined);
      const tags = Array.isArray(device.tags) ? device.tags : [];
      return {
        name: device.name,
        addresses: ["primary_ip4", "primary_ip6", "primary_ip"].map((key) => addressOf(device, key)),
        groups: [
          named("role"),
          named("device_role"),
          named("cluster"),
          ...tags.map((tag) => (isObject(tag) ? tag.name : tag)),
        ],
        location: [named("site"), named("location")].flatMap((each) => textOf(each) ?? []).join(" > "),
        where: () => list.whereOf(i),
      };
    }),
    file,
  );
  return { ...kept, total: typeof total === "number" ? total : undefined };
}

function addressOf(device: JsonObject, key: string): unknown {
  const address = device[key];
  return isObject(address) ? address.address : undefined;
}
