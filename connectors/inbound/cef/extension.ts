/**
 * Reads `key=value key=value …` from `from` to the end; values may hold spaces and unescaped equals signs.
 *
 * A key is a run of name characters after a space and before an equals sign that no backslash escapes; anything
 * else belongs to the value before it. Text before the first key is skipped.
 */
export function readExtension(text: string, from: number, each: (key: string, value: string) => void): void {
  let key = "";
  let valueStart = -1;
  let equals = text.indexOf("=", from);
  let floor = from;
  while (equals >= 0) {
    const keyStart = keyBefore(text, equals, floor);
    if (keyStart >= 0) {
      // The one space before a key separates; others before it belong to the value.
      if (valueStart >= 0) each(key, valueAt(text, valueStart, keyStart - 1));
      key = text.slice(keyStart, equals);
      valueStart = equals + 1;
    }
    floor = equals + 1;
    equals = text.indexOf("=", floor);
  }
  if (valueStart < 0) return;
  let end = text.length;
  while (end > valueStart && isBlank(text.charCodeAt(end - 1))) end--;
  each(key, valueAt(text, valueStart, end));
}

/** Where the key that ends at `equals` begins; -1 when there is none after `floor`. */
function keyBefore(text: string, equals: number, floor: number): number {
  let at = equals;
  while (at > floor && KEY_CODES[text.charCodeAt(at - 1)] === 1) at--;
  if (at === equals) return -1;
  const before = text.charCodeAt(at - 1);
  // A tab is part of a value; only a space separates, and the header's pipe before the first key.
  if (before !== 0x20 && (before !== 0x7c || at !== floor)) return -1;
  const first = text.charCodeAt(at);
  return first === 0x2d || first === 0x2e || first === 0x5d ? -1 : at;
}

const KEY_CODES = Uint8Array.from({ length: 65_536 }, (_, code) =>
  code < 128 && /[A-Za-z0-9_.,\-[\]]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function valueAt(text: string, from: number, to: number): string {
  const raw = text.slice(from, Math.max(from, to));
  return raw.includes("\\") ? unescaped(raw) : raw;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d || code === 0;
}

/** Other backslashes stand for themselves: products write Windows paths without doubling them. */
function unescaped(raw: string): string {
  return raw.replace(/\\([=\\|nr])/g, (_, code: string) =>
    code === "n" ? "\n" : code === "r" ? "\r" : code,
  );
}
