/** Names of the months, January first, as devices write them in their own language; `?` is any run beyond ASCII. */
const NAMES = [
  "jan january janv janvier januar j?n j?nner ene enero gen gennaio janeiro januari",
  "feb february f?v f?vr f?vrier fev fevr fevrier februar febrero febbraio fevereiro februari",
  "mar march mars m?r m?rz mrz maerz marzo mar?o mrt maart",
  "apr april avr avril abr abril aprile",
  "may mai mayo mag maggio maio mei",
  "jun june juin juni junio giu giugno junho",
  "jul july juil juillet juli julio lug luglio julho",
  "aug august ao? ao?t aou aout ago agosto augustus",
  "sep sept september septembre septiembre set settembre setembro",
  "oct october octobre okt oktober octubre ott ottobre out outubro",
  "nov november novembre noviembre novembro",
  "dec december d?c d?cembre decembre dez dezember dic diciembre dicembre dezembro",
];
const WEEKDAYS = (
  "mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday tues thur thurs " +
  "lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche " +
  "mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag " +
  "mi? jue vie s?b sab dom lunes martes mi?rcoles jueves viernes s?bado domingo"
).split(" ");
const LONGEST = 12;

const months = new Map(NAMES.flatMap((names, month) => names.split(" ").map((name) => [name, month])));
const weekdays = new Set(WEEKDAYS);

/** Months and weekdays of three plain letters, one more than their number, by those letters. */
const SHORT = new Int8Array(1 << 15);
for (const [name, month] of months) if (/^[a-z]{3}$/.test(name)) SHORT[packed(name, 0)] = month + 1;
for (const name of WEEKDAYS) if (/^[a-z]{3}$/.test(name)) SHORT[packed(name, 0)] ||= 16;

/** The month named at `at`, as sixteen times the index after it plus 0 to 11; -1 when there is none. */
export function monthAt(text: string, at: number): number {
  if (isPlain(text.charCodeAt(at)) && isPlain(text.charCodeAt(at + 1)) && isPlain(text.charCodeAt(at + 2))) {
    const next = text.charCodeAt(at + 3);
    if (!isLetter(next) && next !== 0x2e) {
      const month = SHORT[packed(text, at)] ?? 0;
      return month === 0 || month === 16 ? -1 : (at + 3) * 16 + month - 1;
    }
  } else if (!isLetter(text.charCodeAt(at + 1))) return -1;
  const end = wordEnd(text, at);
  const month = end < 0 ? undefined : months.get(folded(text.slice(at, end)));
  if (month === undefined) return -1;
  return (text.charCodeAt(end) === 0x2e ? end + 1 : end) * 16 + month;
}

/** The index of what follows a weekday, its comma or point, and spaces; -1 when there is no weekday at `at`. */
export function afterWeekday(text: string, at: number): number {
  let end = wordEnd(text, at);
  if (end < 0 || !weekdays.has(folded(text.slice(at, end)))) return -1;
  if (text.charCodeAt(end) === 0x2e) end++;
  if (text.charCodeAt(end) === 0x2c) end++;
  if (text.charCodeAt(end) !== 0x20) return -1;
  while (text.charCodeAt(end) === 0x20) end++;
  return end;
}

/** Says whether a word at `at` may begin a date: what is not a month's or a weekday's first letters cannot. */
export function mayBeDate(text: string, at: number): boolean {
  const second = text.charCodeAt(at + 1);
  const third = text.charCodeAt(at + 2);
  const next = text.charCodeAt(at + 3);
  if (isLetter(next) || next === 0x2e || third === 0x20 || second > 0xbf || third > 0xbf) return true;
  return SHORT[packed(text, at)] !== 0;
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at - from <= LONGEST && isLetter(text.charCodeAt(at))) at++;
  return at - from > LONGEST || at === from ? -1 : at;
}

function folded(word: string): string {
  return word.toLowerCase().replace(/[^a-z]+/g, "?");
}

function packed(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) & 0x1f) << 10) |
    ((text.charCodeAt(at + 1) & 0x1f) << 5) |
    (text.charCodeAt(at + 2) & 0x1f)
  );
}

function isPlain(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isLetter(code: number): boolean {
  return isPlain(code) || code > 0xbf;
}
