/**
 * A hardware address as RFC 7042 and ECS write it, `00-00-5E-00-53-23`: capitals, two by two, with hyphens.
 *
 * Colons, hyphens, Cisco's dots and nothing at all may stand between the digits; what is no such address stays as it is.
 */
export function macOf(value: string): string {
  if (value.length < 12 || value.length > 23) return value;
  let digits = "";
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const small = code | 0x20;
    if ((code >= 0x30 && code <= 0x39) || (small >= 0x61 && small <= 0x66)) digits += value[at];
    else if (code !== 0x3a && code !== 0x2d && code !== 0x2e) return value;
  }
  if (digits.length !== 12 && digits.length !== 16) return value;
  let mac = "";
  for (let at = 0; at < digits.length; at += 2) mac += (at === 0 ? "" : "-") + digits.slice(at, at + 2);
  return mac.toUpperCase();
}
