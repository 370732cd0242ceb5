const LONGEST = 64;

/** What a pattern's letters have read. */
type Parts = Record<string, string>;

/**
 * Rewrites a date that a Java SimpleDateFormat pattern describes into one that readWholeDate reads.
 *
 * Undefined when the text does not follow the pattern. Linear; nothing is built from the pattern.
 */
export function canonicalDate(text: string, pattern: string): string | undefined {
  if (pattern.length > LONGEST || text.length > LONGEST) return undefined;
  const parts: Parts = {};
  let at = 0;
  for (let p = 0; p < pattern.length; ) {
    const letter = pattern.charAt(p);
    if (letter === "'") {
      const close = pattern.indexOf("'", p + 1);
      const literal = close === p + 1 ? "'" : pattern.slice(p + 1, close < 0 ? pattern.length : close);
      if (!text.startsWith(literal, at)) return undefined;
      at += literal.length;
      p = close < 0 ? pattern.length : close + 1;
    } else if (/[A-Za-z]/.test(letter)) {
      let run = p;
      while (pattern.charAt(run) === letter) run++;
      // Without a mark between, a number is as long as its letters.
      const glued = /[A-Za-z]/.test(pattern.charAt(run));
      const end = fieldEnd(text, at, letter, run - p, glued);
      if (end === at && letter !== "z" && letter !== "Z" && letter !== "X") return undefined;
      parts[letter] = text.slice(at, end);
      at = end;
      p = run;
    } else {
      if (letter === " ") while (text.charAt(at) === " ") at++;
      else if (text.charAt(at) === letter) at++;
      else return undefined;
      p++;
    }
  }
  return at < text.trimEnd().length ? undefined : written(parts);
}

function fieldEnd(text: string, from: number, letter: string, width: number, glued: boolean): number {
  let at = from;
  if (letter === "z" || letter === "Z" || letter === "X" || letter === "V") {
    while (at < text.length && /[A-Za-z0-9:+-]/.test(text.charAt(at))) at++;
    return at;
  }
  const word =
    letter === "E" || letter === "a" || letter === "G" || ((letter === "M" || letter === "L") && width > 2);
  if (word) {
    while (at < text.length && /[\p{L}.]/u.test(text.charAt(at))) at++;
    return at;
  }
  while (at < text.length && /\d/.test(text.charAt(at)) && (!glued || at - from < width)) at++;
  return at;
}

function written(parts: Parts): string | undefined {
  const month = parts.M ?? parts.L;
  const day = parts.d;
  const hour = parts.H ?? parts.k ?? parts.h ?? parts.K;
  if (month === undefined || day === undefined || hour === undefined) return undefined;
  const year = parts.y ?? parts.u ?? parts.Y;
  const full = year?.length === 2 ? `20${year}` : year;
  const clock = `${two(hour === "24" ? "0" : hour)}:${two(parts.m ?? "0")}:${two(parts.s ?? "0")}`;
  const fraction = parts.S === undefined ? "" : `.${parts.S.padStart(3, "0")}`;
  const half = parts.a === undefined ? "" : ` ${parts.a}`;
  const zone = parts.z ?? parts.Z ?? parts.X ?? "";
  const rest = `${clock}${fraction}${half}${zone === "" ? "" : ` ${zone}`}`;
  if (/^\d+$/.test(month))
    return full === undefined ? undefined : `${full}-${two(month)}-${two(day)} ${rest}`;
  return `${month} ${day} ${full === undefined ? "" : `${full} `}${rest}`;
}

function two(number: string): string {
  return number.padStart(2, "0");
}
