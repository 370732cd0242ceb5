import { BlockList, isIP, isIPv6 } from "node:net";

/** Networks of IPv4 that are no public place (IANA IPv4 Special-Purpose Address Registry, RFC 6890). */
const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Public by its looks, and what a machine of Azure asks about itself.
  "168.63.129.16/32",
] as const;

/** Networks inside 2000::/3 that are no public place: Teredo and ORCHID, documentation, 6to4 (RFC 6890, RFC 9637). */
const SPECIAL_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"] as const;

/** Networks whose addresses hold an IPv4 address in their last 32 bits: mapped (RFC 4291 §2.5.5.2), NAT64 (RFC 6052 §2.1). */
const CARRYING_IPV4 = ["::ffff:0:0/96", "64:ff9b::/96"] as const;

const special = networksOf([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
const unicast = networksOf(["2000::/3"]);
const carrying = networksOf(CARRYING_IPV4);

/** True for a network as `10.0.0.0/8`, `fd00::/8` or one address. */
export function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const longest = { 4: 32, 6: 128 }[isIP(address)];
  if (longest === undefined || address.includes("%") || rest.length > 0) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= longest);
}

/** The list of networks, each one that `isNetwork` takes. */
export function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** True for an address of the public Internet, and for one of the networks that are open besides. */
export function mayReach(address: string, open: BlockList): boolean {
  const [plain = ""] = address.split("%");
  const family = isIP(plain);
  if (family === 0) return false;
  if (family === 4) return open.check(plain, "ipv4") || !special.check(plain, "ipv4");
  if (open.check(plain, "ipv6")) return true;
  const carried = carriedIpv4(plain);
  if (carried !== undefined) return mayReach(carried, open);
  return unicast.check(plain, "ipv6") && !special.check(plain, "ipv6");
}

/** The IPv4 address that is really reached by an IPv4-mapped or a NAT64 address. */
function carriedIpv4(address: string): string | undefined {
  if (!carrying.check(address, "ipv6")) return undefined;
  // The URL parser writes each address one way only: the last two groups are the IPv4 address.
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [high = 0, low = 0] = written
    .split(":")
    .slice(-2)
    .map((group) => (group === "" ? 0 : Number.parseInt(group, 16)));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
