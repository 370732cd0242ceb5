import { describe, expect, it } from "vitest";
import { TIMED } from "../../test/support/effort.ts";
import { decodeText } from "./decode-text.ts";

const western = (text: string) =>
  Uint8Array.from(text, (each) => {
    const found = Array.from({ length: 256 }, (_, i) => i).find(
      (byte) => new TextDecoder("windows-1252").decode(Uint8Array.of(byte)) === each,
    );
    if (found === undefined) throw new Error(`${each} is in no Windows-1252`);
    return found;
  });

describe("a text that ought to be UTF-8", () => {
  it.each(["", "plain", "échec d’authentification de l’utilisateur élodie", "œuf à 41,5 °C", "日本語 😀"])(
    "is read as it is: %s",
    (text) => {
      expect(decodeText(Buffer.from(text))).toEqual({ text, utf8: true });
    },
  );

  it.each([
    "échec d'authentification de l'utilisateur élodie",
    "Accès refusé à « Hélène » : créée le 1er août, coût 12 €",
    "TEMPÉRATURE ÉLEVÉE – 41,5 °C",
    "cœur de réseau",
    "fermé",
    "Größe überschritten, señal",
  ])("is read as Windows-1252 when it is made of its words: %s", (text) => {
    expect(decodeText(western(text))).toEqual({ text, utf8: false });
  });

  it.each([
    ["bytes of no word", [0x61, 0xff, 0xfe, 0x62]],
    ["a sign alone", [0x61, 0x80, 0x62]],
    ["a character cut at the end", [0x61, 0xc3]],
    ["a quote cut in the middle", [0x61, 0xe2, 0x80, 0x62]],
    ["UTF-8 with a byte of another alphabet in it", [...Buffer.from("été "), 0xe9, 0x74]],
    ["three accents on end", [0x61, 0xe9, 0xe8, 0xea]],
  ])("keeps replacement characters for %s", (_, bytes) => {
    const { text, utf8 } = decodeText(Uint8Array.from(bytes));
    expect(utf8).toBe(false);
    expect(text).toContain("\ufffd");
  });

  it.runIf(TIMED)("takes time in proportion to its length", () => {
    const long = Buffer.from("é ".repeat(2_000_000), "latin1");
    const before = process.threadCpuUsage();
    expect(decodeText(long).text).toHaveLength(4_000_000);
    const { user, system } = process.threadCpuUsage(before);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
