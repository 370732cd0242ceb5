import { isIP } from "node:net";

/** An address as a number; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) is IPv4. */
export type IpAddress = { bits: 32; value: number } | { bits: 128; value: bigint };

/** A network: its first address, and how many leading bits its members share. */
export type IpNetwork = IpAddress & { prefix: number };

const MAPPED = "00000000000000000000ffff";

/** Reads an address; undefined when the text is none. */
export function readAddress(text: string): IpAddress | undefined {
  const family = isIP(text);
  if (family === 0) return undefined;
  if (family === 4) return { bits: 32, value: ofIPv4(text) };
  const digits = hexOfIPv6(text);
  return digits.startsWith(MAPPED)
    ? { bits: 32, value: Number.parseInt(digits.slice(MAPPED.length), 16) }
    : { bits: 128, value: BigInt(`0x${digits}`) };
}

/** Reads a network such as `10.20.4.0/24`, or an address as the network of itself alone; undefined when it is none. */
export function readNetwork(text: string): IpNetwork | undefined {
  const [written = "", length, ...more] = text.split("/");
  const address = readAddress(written);
  if (address === undefined || more.length > 0) return undefined;
  if (length === undefined) return { ...address, prefix: address.bits };
  if (!/^\d{1,3}$/.test(length)) return undefined;
  // A mapped address was written with the length of IPv6.
  const prefix = Number(length) - (address.bits === 32 && written.includes(":") ? 96 : 0);
  return prefix < 0 || prefix > address.bits ? undefined : networkOf(address, prefix);
}

/** The network of that length which an address lies in. */
export function networkOf(address: IpAddress, prefix: number): IpNetwork {
  if (address.bits === 32) {
    // A shift by 32 shifts by nothing.
    const value = prefix === 0 ? 0 : (address.value & (-1 << (32 - prefix))) >>> 0;
    return { bits: 32, value, prefix };
  }
  const rest = BigInt(128 - prefix);
  return { bits: 128, value: (address.value >> rest) << rest, prefix };
}

function ofIPv4(text: string): number {
  let value = 0;
  for (const part of text.split(".")) value = value * 256 + Number(part);
  return value;
}

/** The 32 hexadecimal digits of an IPv6 address. */
function hexOfIPv6(text: string): string {
  // What follows % is the name of an interface, not of the address.
  const zone = text.indexOf("%");
  const address = zone < 0 ? text : text.slice(0, zone);
  const gap = address.indexOf("::");
  if (gap < 0) return hexOfGroups(address);
  const head = hexOfGroups(address.slice(0, gap));
  return head + hexOfGroups(address.slice(gap + 2)).padStart(32 - head.length, "0");
}

function hexOfGroups(text: string): string {
  if (text === "") return "";
  let digits = "";
  for (const group of text.split(":"))
    digits += group.includes(".")
      ? ofIPv4(group).toString(16).padStart(8, "0")
      : group.toLowerCase().padStart(4, "0");
  return digits;
}
