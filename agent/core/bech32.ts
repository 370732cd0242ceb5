const ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM = 6;
/** Beyond, it is no key of ours: reading it would be work for nothing. */
const LONGEST = 200;

/** Writes bytes as Bech32 (BIP 173, without its bound on the length), in lower case. */
export function bech32(prefix: string, bytes: Uint8Array): string {
  const words = regroup(bytes, 8, 5, true) ?? [];
  const rest = polymod([...spread(prefix), ...words, ...Array<number>(CHECKSUM).fill(0)]) ^ 1;
  const sum = Array.from({ length: CHECKSUM }, (_, i) => (rest >> (5 * (CHECKSUM - 1 - i))) & 31);
  return `${prefix}1${[...words, ...sum].map((word) => ALPHABET[word]).join("")}`;
}

/** Reads Bech32, all in one case; undefined when it is none, or has a slip of the pen. */
export function readBech32(text: string): { prefix: string; bytes: Buffer } | undefined {
  const lower = text.toLowerCase();
  if (text.length > LONGEST || (text !== lower && text !== text.toUpperCase())) return undefined;
  const at = lower.lastIndexOf("1");
  const prefix = lower.slice(0, at);
  const words = [...lower.slice(at + 1)].map((letter) => ALPHABET.indexOf(letter));
  if (at < 1 || words.length < CHECKSUM || words.includes(-1) || !/^[!-~]+$/.test(prefix)) return undefined;
  if (polymod([...spread(prefix), ...words]) !== 1) return undefined;
  const bytes = regroup(words.slice(0, -CHECKSUM), 5, 8, false);
  return bytes === undefined ? undefined : { prefix, bytes: Buffer.from(bytes) };
}

function spread(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  let sum = 1;
  for (const word of words) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ word;
    for (const [i, generator] of GENERATORS.entries()) if ((top >> i) & 1) sum ^= generator;
  }
  return sum;
}

/** Cuts a stream of bits anew; undefined when what is left over is not zeros. */
function regroup(values: Iterable<number>, from: number, to: number, pad: boolean): number[] | undefined {
  const out: number[] = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >> bits) & ((1 << to) - 1));
    }
  }
  const left = (held << (to - bits)) & ((1 << to) - 1);
  if (pad) return bits > 0 ? [...out, left] : out;
  return bits >= from || left !== 0 ? undefined : out;
}
