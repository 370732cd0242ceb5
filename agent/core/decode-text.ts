const STRICT = new TextDecoder("utf-8", { fatal: true });
const LENIENT = new TextDecoder("utf-8");
const WESTERN = new TextDecoder("windows-1252");

/** What stands beyond ASCII in French and its neighbours, by its byte of Windows-1252: letters, then quotes and signs. */
const LETTERS = bytesOf("ÀÄÇÈÉÊËÎÏÔÖÙÛÜßàáâäçèéêëíîïñóôöùúûüŒœ");
const SIGNS = bytesOf("«»°§€…‘’“”–—\u00a0²µ");

/**
 * Reads text that ought to be UTF-8; `utf8` is false when it is not.
 *
 * What old programs write in ISO-8859-1, ISO-8859-15 or Windows-1252 is read so, when nothing in it could be UTF-8 and every
 * character is one that words of Western Europe have; else what is no UTF-8 becomes replacement characters. Linear.
 */
export function decodeText(bytes: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: STRICT.decode(bytes), utf8: true };
  } catch {
    return { text: (isWestern(bytes) ? WESTERN : LENIENT).decode(bytes), utf8: false };
  }
}

/** True of bytes that read as words in an alphabet of one byte a character. */
function isWestern(bytes: Uint8Array): boolean {
  let letters = 0;
  let run = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x80) {
      run = 0;
      continue;
    }
    const isLetter = LETTERS.has(byte);
    // No word has three accents on end, and a first byte of UTF-8 with what follows it is a character cut or damaged.
    if ((!isLetter && !SIGNS.has(byte)) || ++run > 2 || startsUtf8(bytes, i)) return false;
    if (isLetter) letters++;
  }
  return letters > 0;
}

/** True of a first byte of UTF-8 before one that goes on with it (RFC 3629 §3). */
function startsUtf8(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1];
  return (bytes[at] as number) >= 0xc2 && next !== undefined && next >= 0x80 && next < 0xc0;
}

function bytesOf(characters: string): ReadonlySet<number> {
  const all = Array.from({ length: 128 }, (_, i) => i + 0x80);
  return new Set(all.filter((byte) => characters.includes(WESTERN.decode(Uint8Array.of(byte)))));
}
