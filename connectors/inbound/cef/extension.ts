/**
 * Finds `key=value key=value …` from `from` to the end; values may hold spaces and unescaped equals signs.
 *
 * A key is a run of name characters after a space and before an equals sign that no backslash escapes; anything
 * else belongs to the value before it. Text before the first key is skipped. Three indices a pair: where its key
 * begins, its equals sign, where its value ends, escapes and all.
 */
export function findPairs(text: string, from: number): number[] {
  const found: number[] = [];
  let equals = text.indexOf("=", from);
  let floor = from;
  while (equals >= 0) {
    const start = keyBefore(text, equals, floor);
    if (start >= 0) {
      // The one space before a key separates; others before it belong to the value.
      if (found.length > 0) found.push(Math.max(start - 1, (found[found.length - 1] ?? 0) + 1));
      found.push(start, equals);
    }
    floor = equals + 1;
    equals = text.indexOf("=", floor);
  }
  if (found.length === 0) return found;
  let end = text.length;
  const value = (found[found.length - 1] ?? 0) + 1;
  while (end > value && isBlank(text.charCodeAt(end - 1))) end--;
  found.push(end);
  return found;
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

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d || code === 0;
}

/**
 * Resolves the escapes of a value: `\=`, `\\`, `\|`, and the line breaks `\n` and `\r`.
 *
 * Products write Windows paths without doubling their backslashes: a value with a backslash before anything else, or
 * after a drive letter and not doubled, is taken as it stands but for `\=` and `\|`. `single` says that the key's
 * values have no line breaks: `CORP\nina` is a user.
 */
export function unescaped(value: string, single: boolean): string {
  let at = value.indexOf("\\");
  if (at < 0) return value;
  if (isUndoubled(value, at)) return value.replace(/\\([=|])/g, "$1");
  let out = "";
  let from = 0;
  for (; at >= 0; at = value.indexOf("\\", at + 2)) {
    const code = value.charCodeAt(at + 1);
    const breaks = code === 0x6e || code === 0x72;
    if (Number.isNaN(code) || (breaks && single)) continue;
    out += value.slice(from, at) + (breaks ? (code === 0x6e ? "\n" : "\r") : value.charAt(at + 1));
    from = at + 2;
  }
  return out + value.slice(from);
}

function isUndoubled(value: string, first: number): boolean {
  for (let at = first; at >= 0; at = value.indexOf("\\", at + 2)) {
    const code = value.charCodeAt(at + 1);
    if (!Number.isNaN(code) && !ESCAPABLE.has(code)) return true;
    // A drive letter: `C:\new`
    if (code !== 0x5c && value.charCodeAt(at - 1) === 0x3a && at > 1 && /[A-Za-z]/.test(value.charAt(at - 2)))
      return true;
  }
  return false;
}

const ESCAPABLE = new Set([..."=\\|nr"].map((character) => character.charCodeAt(0)));
