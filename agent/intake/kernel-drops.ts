import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import { parseAddress } from "../../rules/engine/address.ts";

/** How many datagrams the kernel dropped for a UDP socket since it was bound, for want of room; undefined off Linux. */
export function kernelDrops({ address, port }: { address: string; port: number }): number | undefined {
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  let table: string;
  try {
    table = readFileSync(bytes.length === 4 ? "/proc/self/net/udp" : "/proc/self/net/udp6", "latin1");
  } catch {
    return undefined;
  }
  return dropsIn(table, `${kernelHex(bytes)}:${port.toString(16).toUpperCase().padStart(4, "0")}`);
}

/** Reads the last column, `drops`, of the socket bound to a local address (proc_net_udp(5)). */
export function dropsIn(table: string, local: string): number | undefined {
  for (const line of table.split("\n")) {
    const columns = line.trim().split(/ +/);
    if (columns[1] !== local) continue;
    const drops = Number(columns[12]);
    return Number.isSafeInteger(drops) ? drops : undefined;
  }
  return undefined;
}

/** Writes an address as the kernel prints it: words of 32 bits in the order of the machine. */
function kernelHex(bytes: Uint8Array): string {
  const words = Buffer.from(bytes);
  if (endianness() === "LE") words.swap32();
  return words.toString("hex").toUpperCase();
}
