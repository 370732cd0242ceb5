import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";

/** The faces of our papers as OpenType files: DejaVu Sans, which has the letters of every European name. */
export interface PaperFonts {
  regular: Buffer;
  bold: Buffer;
}

const require = createRequire(import.meta.url);
let fonts: PaperFonts | undefined;

/** Reads the fonts once; they are embedded in every paper (PDF/UA-1, 7.21.4.1). */
export function paperFonts(): PaperFonts {
  fonts ??= {
    regular: unpackWoff(
      readFileSync(require.resolve("@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff")),
    ),
    bold: unpackWoff(
      readFileSync(require.resolve("@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff")),
    ),
  };
  return fonts;
}

const HEADER = { packed: 44, plain: 12 };
const ENTRY = { packed: 20, plain: 16 };
/** Tables of ligatures, marks and pairs: Latin letters need none, and reading them takes longer than the paper. */
const LAYOUT = new Set(["GSUB", "GPOS", "GDEF", "kern"]);

/**
 * Unpacks a WOFF 1.0 font into the OpenType file that it holds, without its tables of layout: packed, each access to a
 * table would inflate it anew.
 */
function unpackWoff(woff: Buffer): Buffer {
  const entries = Array.from({ length: woff.readUInt16BE(12) }, (_, n) => {
    const at = HEADER.packed + ENTRY.packed * n;
    const packed = woff.subarray(
      woff.readUInt32BE(at + 4),
      woff.readUInt32BE(at + 4) + woff.readUInt32BE(at + 8),
    );
    const length = woff.readUInt32BE(at + 12);
    const table = () => (packed.length < length ? inflateSync(packed) : packed);
    return { tag: woff.toString("latin1", at, at + 4), checksum: woff.readUInt32BE(at + 16), length, table };
  }).filter(({ tag }) => !LAYOUT.has(tag));

  const directory = Buffer.alloc(HEADER.plain + ENTRY.plain * entries.length);
  const power = Math.floor(Math.log2(entries.length));
  woff.copy(directory, 0, 4, 8);
  directory.writeUInt16BE(entries.length, 4);
  directory.writeUInt16BE(2 ** power * 16, 6);
  directory.writeUInt16BE(power, 8);
  directory.writeUInt16BE(entries.length * 16 - 2 ** power * 16, 10);
  const parts: Buffer[] = [directory];
  let offset = directory.length;
  for (const [n, { tag, checksum, length, table }] of entries.entries()) {
    const at = HEADER.plain + ENTRY.plain * n;
    directory.write(tag, at, "latin1");
    directory.writeUInt32BE(checksum, at + 4);
    directory.writeUInt32BE(offset, at + 8);
    directory.writeUInt32BE(length, at + 12);
    // Tables begin at multiples of four.
    const padding = Buffer.alloc(-length & 3);
    parts.push(table(), padding);
    offset += length + padding.length;
  }
  return Buffer.concat(parts);
}
