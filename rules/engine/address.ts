/** An IP network: the first `bits` of `bytes` count. */
export interface Network {
  bytes: Uint8Array;
  bits: number;
}

/** Reads an IPv4 or IPv6 address into 4 or 16 bytes; a zone (`%eth0`) is ignored; undefined when it is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (text.length > 64) return undefined;
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [at, part] of parts.entries()) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    bytes[at] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  let address = text.split("%", 1)[0] as string;
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (tail !== null) {
    const four = parseIpv4(tail[2] as string);
    if (four === undefined) return undefined;
    const [a, b, c, d] = four as unknown as [number, number, number, number];
    address = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const head = groups[0] as string[];
  const foot = groups[1] ?? [];
  const missing = 8 - head.length - foot.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<string>(missing).fill("0"), ...foot];
  const bytes = new Uint8Array(16);
  for (const [at, group] of all.entries()) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes[2 * at] = value >> 8;
    bytes[2 * at + 1] = value & 255;
  }
  return bytes;
}

/** Reads `address/bits`, or an address alone as a network of one; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address, length, ...rest] = text.trim().split("/");
  const bytes = parseAddress(address ?? "");
  if (bytes === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { bytes, bits: bytes.length * 8 };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bytes.length * 8) return undefined;
  return { bytes, bits: Number(length) };
}

/** Whether the address is in the network; an IPv4 address written inside IPv6 (`::ffff:a.b.c.d`) counts as IPv4. */
export function inNetwork(network: Network, address: Uint8Array): boolean {
  let bytes = address;
  if (network.bytes.length === 4 && address.length === 16) {
    for (let at = 0; at < 12; at += 1) if (address[at] !== (at < 10 ? 0 : 255)) return false;
    bytes = address.subarray(12);
  }
  if (bytes.length !== network.bytes.length) return false;
  const whole = network.bits >> 3;
  for (let at = 0; at < whole; at += 1) if (bytes[at] !== network.bytes[at]) return false;
  const rest = network.bits & 7;
  return rest === 0 || ((bytes[whole] as number) ^ (network.bytes[whole] as number)) >> (8 - rest) === 0;
}
