/** True of an address that is nobody's on the Internet (RFC 1918, 6598, 3927, 4193, 4291), and of what is no address. */
export function isInternal(address: string): boolean {
  if (address.includes(":")) {
    const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1];
    if (mapped !== undefined) return isInternal(mapped);
    return address === "::1" || address === "::" || /^(f[cd]|fe[89ab])/.test(address);
  }
  const parts = address.split(".");
  if (parts.length !== 4) return true;
  const first = Number(parts[0]);
  const second = Number(parts[1]);
  if (first === 10 || first === 127 || first === 0) return true;
  if (first === 172) return second >= 16 && second <= 31;
  if (first === 192) return second === 168;
  if (first === 169) return second === 254;
  return first === 100 && second >= 64 && second <= 127;
}
