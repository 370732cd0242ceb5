/** Rewrites a date of one layout as ISO 8601, what follows it (a zone) kept; undefined when the text has another. */
export type DateFormat = (text: string) => string | undefined;

const TOKEN = /(yyyy|yy|MM?|dd?|HH?|hh?|mm?|ss?|S+|a)/;

/**
 * Compiles a layout such as `dd/MM/yyyy HH:mm:ss`: letters of a token are digits, anything else stands for itself.
 *
 * One letter (`d`, `M`, `H`, `h`) is one digit or two, `S` a fraction, `a` AM or PM. Refused: a layout without day.
 */
export function compileDateFormat(format: string): DateFormat | { refused: string } {
  const pieces = format.split(TOKEN).filter((piece) => piece !== "");
  const has = (letter: string) => pieces.some((piece) => TOKEN.test(piece) && piece.startsWith(letter));
  if (!has("y") || !has("M") || !has("d"))
    return { refused: "it needs a year (yyyy), a month (MM) and a day (dd)" };
  return (text) => {
    const parts = new Map<string, string>();
    let at = 0;
    for (const piece of pieces) {
      if (!TOKEN.test(piece)) {
        if (!text.startsWith(piece, at)) return undefined;
        at += piece.length;
        continue;
      }
      const letter = piece[0] ?? "";
      const most = letter === "S" ? 9 : piece.length === 1 ? 2 : piece.length;
      let end = at;
      if (letter === "a") end = at + 2;
      else while (end < at + most && text.charCodeAt(end) >= 0x30 && text.charCodeAt(end) <= 0x39) end++;
      if (end === at || (piece.length > 1 && letter !== "S" && end - at < piece.length)) return undefined;
      parts.set(letter, text.slice(at, end));
      at = end;
    }
    return `${isoOfParts(parts)}${text.slice(at)}`;
  };
}

function isoOfParts(parts: ReadonlyMap<string, string>): string {
  const two = (letter: string, fallback = "00") => (parts.get(letter) ?? fallback).padStart(2, "0");
  const year = parts.get("y") ?? "";
  let hour = two("H");
  const twelve = parts.get("h");
  if (twelve !== undefined) {
    const afternoon = parts.get("a")?.toLowerCase() === "pm" ? 12 : 0;
    hour = String((Number(twelve) % 12) + afternoon).padStart(2, "0");
  }
  const fraction = parts.has("S") ? `.${parts.get("S")}` : "";
  const day = `${year.length === 2 ? `20${year}` : year}-${two("M")}-${two("d")}`;
  return `${day}T${hour}:${two("m")}:${two("s")}${fraction}`;
}
