/**
 * Reads a `struct sockaddr` in hexadecimal under the names that enriched records use: `saddr_fam`, `laddr`, `lport`,
 * `path`. The family is in the machine's byte order: both are taken.
 */
export function readSocketAddress(hex: string): Record<string, string> {
  if (hex.length < 4 || hex.length > 512 || hex.length % 2 !== 0 || !/^[0-9A-Fa-f]+$/.test(hex)) return {};
  const bytes = Buffer.from(hex, "hex");
  const family = bytes[1] === 0 ? bytes[0] : bytes[1];
  if (family === 1) {
    const end = bytes.indexOf(0, 3);
    const path = bytes.toString("utf8", bytes[2] === 0 ? 3 : 2, end < 0 ? bytes.length : end);
    return { saddr_fam: "local", ...(path === "" ? {} : { path }) };
  }
  const port = bytes.length >= 4 ? String(bytes.readUInt16BE(2)) : undefined;
  if (family === 2 && bytes.length >= 8 && port !== undefined) {
    return { saddr_fam: "inet", laddr: bytes.subarray(4, 8).join("."), lport: port };
  }
  if (family === 10 && bytes.length >= 24 && port !== undefined) {
    return { saddr_fam: "inet6", laddr: ipv6Of(bytes.subarray(8, 24)), lport: port };
  }
  return family === 16 ? { saddr_fam: "netlink" } : {};
}

/** Eight groups, the longest run of zeroes left out (RFC 5952). */
function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  const runs = [
    ...groups
      .map((group) => (group === "0" ? "0" : "x"))
      .join("")
      .matchAll(/0{2,}/g),
  ];
  const longest = runs.reduce<RegExpMatchArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest?.index === undefined) return groups.join(":");
  const before = groups.slice(0, longest.index).join(":");
  return `${before}::${groups.slice(longest.index + longest[0].length).join(":")}`;
}
