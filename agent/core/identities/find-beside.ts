import type { Span } from "./span.ts";

/** Characters around an identity in which a telephone, an address or a name is the same person's. */
const NEAR = 160;

const LETTER = "\\p{L}";
const NAME_WORD = `${LETTER}[${LETTER}'\u2019-]{1,40}`;
const NAME = `${NAME_WORD}(?:[ ^_,]{1,2}${NAME_WORD}){0,4}`;
const ASSIGNED = `["']?[ \\t]{0,4}(?:[:=]|\\]|>)[ \\t]{0,4}["'\\[]{0,2}`;

/** Keys whose value is a patient's name, whatever else the text says. */
const OF_PATIENT = new RegExp(
  `(?<![${LETTER}])(?:patient(?:e)?[ _.-]?(?:name|nom|pr[ée]nom|firstname|lastname|family|given)|(?:nom|pr[ée]nom|identit[ée])s?[ _.-]?(?:du|de la)?[ _.-]?patiente?|nom[ _-](?:de[ _-])?(?:naissance|usage|famille)|subject[ _]?name)${ASSIGNED}(${NAME})`,
  "giu",
);
/** Keys that are a patient's only beside something else of a patient. */
const OF_SOMEBODY = new RegExp(
  `(?<![${LETTER}])(?:nom|pr[ée]noms?|last[_ ]?name|first[_ ]?name|family|given|birth[_ ]?name)${ASSIGNED}(${NAME})`,
  "giu",
);
const CALLED = new RegExp(
  `(?<![${LETTER}])(?:[Pp]atiente?|PATIENTE?)[ :=,"'\\[]{1,4}(?:(?:M|Mr|Mme|Mlle|Monsieur|Madame)\\.? )?(${NAME})`,
  "gu",
);
const ADDRESSED = new RegExp(
  `(?<![${LETTER}])(?:MM?\\.|M|Mr|Mme|Mlle|MME|MLLE|Monsieur|Madame|Mademoiselle|MONSIEUR|MADAME) (${NAME})`,
  "gu",
);
const DICOM = /\(0010,00(?:10|20|30)\)[ \t]{1,4}[A-Z]{2}[ \t]{1,4}\[([^\]\n]{1,80})\]/g;

const MONTHS =
  "janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[ée]cembre";
const DATE = `(?:\\d{1,2}[ ./-]\\d{1,2}[ ./-]\\d{4}|\\d{4}[./-]\\d{2}[./-]\\d{2}|(?:19|20)\\d{6}|\\d{1,2}[./-]\\d{1,2}[./-]\\d{2}|\\d{1,2}(?:er)? (?:${MONTHS}) \\d{4})(?!\\d)`;
const BORN = new RegExp(
  `(?:(?<![${LETTER}])n[ée](?:e|\\(e\\))?[ _]{1,2}le|naissance|(?<![${LETTER}])ddn|birth[ _-]?date|date[ _-]?of[ _-]?birth|(?<![${LETTER}])dob)[^0-9${LETTER}\\n]{0,12}(${DATE})`,
  "giu",
);
/** Without a time of day behind it, which would be the record's own date, and no part of an address (10.1.12.84). */
const ANY_DATE = new RegExp(`(?<!\\d[./-]?)(?:${DATE})(?![./-]\\d|[T ,]{1,2}\\d{1,2}[:hH]\\d\\d)`, "giu");

const TELEPHONE =
  /(?<![0-9A-Za-z])(?:(?:\+|00)33[ .-]?(?:\(0\))?[ .-]?[1-9](?:[ .-]?\d\d){4}|(?:\+|00)(?:262|508|590|594|596|681|687|689)[ .-]?\d{2,3}(?:[ .-]?\d\d){3}|0[1-9]([ .-]?)\d\d(?:\1\d\d){3})(?![0-9A-Za-z])/g;
const BEFORE_AT = /[0-9A-Za-z._%+'-]{1,64}$/;
const AFTER_AT = /^[0-9A-Za-z](?:[0-9A-Za-z-]{0,62}\.){1,4}[A-Za-z]{2,24}(?![0-9A-Za-z-])/;

/** Without one of these nothing is announced: the shapes above are slow, and nearly all texts have none. */
const ANNOUNCED =
  /patient|identit|nom[ _-]|subject|naissance|n[ée]e?(?:\(e\))?[ _]{1,2}le|ddn|birth|dob|PID\||NK1\||MRG\||\(0010,00/i;

/** Words that follow "patient" and are nobody's name. */
const NO_NAME =
  /^(?:informatis[ée]e?|portal|portail|identity|identit[ée]|record|dossier|file|data|donn[ée]es?|service|server|serveur|system|syst[èe]me|manager|monitor|id|ids|ipp|iep|ins|nir|nia|dpi|dmp|pacs|ris|sih|gam|his|emr|ehr|hl7|adt|mpi|api|sql|db|http|https|tcp|udp|vlan|null|none|unknown|inconnue?|anonyme|true|false|test|masqu[ée]e?|nom|pr[ée]nom|naissance)$/i;
const PARTICLE = /^(?:de|du|des|la|le|les|d|l|van|von|der|den|ben|el|al|di|da|dos)$/;

/** Names and birth dates that a label gives away, and what patients' messages (HL7 v2) and images (DICOM) say of them. */
export function findLabelled(text: string): Span[] {
  if (!ANNOUNCED.test(text)) return [];
  return [
    ...inMessages(text),
    ...matches(text, OF_PATIENT, nameSpan),
    ...matches(text, CALLED, (from, value) =>
      isFullName(nameWithin(value)) ? nameSpan(from, value) : undefined,
    ),
    ...matches(text, BORN, birthSpan),
    ...matches(text, DICOM, (from, value) =>
      /^\d{8}$/.test(value)
        ? birthSpan(from, value)
        : /[0-9]/.test(value)
          ? identifierSpan(from, value)
          : nameSpan(from, value),
    ),
  ];
}

/** What stands beside identities on the same line: names, birth dates, addresses of mail, telephones. */
export function findBeside(text: string, anchors: readonly Span[]): Span[] {
  if (anchors.length === 0) return [];
  const spans: Span[] = [];
  for (const { from, to, anchors: of } of neighbourhoods(text, anchors)) {
    const near = text.slice(from, to);
    const found = [
      ...matches(near, OF_SOMEBODY, nameSpan),
      ...matches(near, ADDRESSED, nameSpan),
      ...mails(near),
      ...matches(near, TELEPHONE, (at, value) => ({
        from: at,
        to: at + value.length,
        kind: "téléphone",
        value: telephoneOf(value),
      })),
      ...matches(near, ANY_DATE, (at, value) =>
        of.some((each) => isBirthOf(value, each)) ? birthSpan(at, value) : undefined,
      ),
    ];
    for (const span of found) spans.push({ ...span, from: span.from + from, to: span.to + from });
  }
  for (const anchor of anchors) if (anchor.kind !== "nom") spans.push(...adjacentNames(text, anchor));
  return spans;
}

/** Digits by which two spellings of one telephone number are the same. */
export function telephoneOf(value: string): string {
  return value
    .replace(/\(0\)/, "")
    .replace(/[^0-9]/g, "")
    .slice(-9);
}

/** A name as one reads it in any order and case. */
export function nameOf(value: string): string {
  const plain = value
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toUpperCase();
  return plain
    .split(/[^A-Z]+/)
    .filter(Boolean)
    .sort()
    .join(" ");
}

interface Neighbourhood {
  from: number;
  to: number;
  anchors: Span[];
}

/** Stretches around identities, none overlapping, so that each character is looked at once. */
function neighbourhoods(text: string, anchors: readonly Span[]): Neighbourhood[] {
  const found: Neighbourhood[] = [];
  for (const anchor of anchors.toSorted((a, b) => a.from - b.from)) {
    const before = text.slice(Math.max(0, anchor.from - NEAR), anchor.from);
    const after = text.slice(anchor.to, anchor.to + NEAR);
    const from = anchor.from - before.length + before.lastIndexOf("\n") + 1;
    const line = after.indexOf("\n");
    const to = anchor.to + (line < 0 ? after.length : line);
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) {
      last.to = Math.max(last.to, to);
      last.anchors.push(anchor);
    } else found.push({ from, to, anchors: [anchor] });
  }
  return found.map((each) => widened(text, each));
}

/** Ends between words: half a telephone number is not recognised. */
function widened(text: string, { from, to, anchors }: Neighbourhood): Neighbourhood {
  const left = text.slice(Math.max(0, from - 40), from);
  const right = text.slice(to, to + 40);
  return {
    from: from - (/[^\n]*$/.exec(left)?.[0].length ?? 0),
    to: to + (/^[^\n]*/.exec(right)?.[0].length ?? 0),
    anchors,
  };
}

function matches(
  text: string,
  shape: RegExp,
  spanOf: (from: number, value: string) => Span | undefined,
): Span[] {
  const spans: Span[] = [];
  shape.lastIndex = 0;
  for (let found = shape.exec(text); found !== null; found = shape.exec(text)) {
    const [whole, captured = whole] = found;
    const value = shape === TELEPHONE ? whole : captured;
    const from = found.index + whole.lastIndexOf(value);
    const span = spanOf(from, value);
    if (span !== undefined) spans.push(span);
    // A name ends before the next label, which the words after it may be.
    shape.lastIndex = Math.max(span?.to ?? from, found.index + 1);
  }
  return spans;
}

/** The words of a value that are a name: up to one that cannot be. */
function nameSpan(from: number, value: string): Span | undefined {
  const name = nameWithin(value);
  return name === "" ? undefined : { from, to: from + name.length, kind: "nom", value: nameOf(name) };
}

function nameWithin(value: string): string {
  const lower = /^\p{Ll}/u.test(value);
  let end = 0;
  for (const { 0: word, index } of value.matchAll(/[^ ^_,]+/g)) {
    if (NO_NAME.test(word) || (!lower && /^\p{Ll}/u.test(word) && !PARTICLE.test(word))) break;
    end = index + word.length;
  }
  return value.slice(0, end);
}

const identifierSpan = (from: number, value: string): Span => ({
  from,
  to: from + value.length,
  kind: "identifiant",
  value: value.toUpperCase(),
});
const birthSpan = (from: number, value: string): Span => ({
  from,
  to: from + value.length,
  kind: "date de naissance",
  value,
});

/** Without a key, two words are a name when one is in capitals and the other begins with one: DUPONT Jean. */
function isFullName(value: string): boolean {
  const words = value.split(/[ ^_,]+/);
  const capitals = words.filter((word) => word.length > 1 && word === word.toUpperCase());
  const begun = words.filter((word) => /^\p{Lu}\p{Ll}/u.test(word));
  return (capitals.length > 0 && begun.length > 0) || (value.includes("^") && words.length > 1);
}

/** "DUPONT Jean" right before or right behind an identity. */
function adjacentNames(text: string, anchor: Span): Span[] {
  const before = /(\p{L}[\p{L}'’-]{1,40})[ ^_,]{1,2}(\p{L}[\p{L}'’-]{1,40})[ \t,;:|()/-]{1,3}$/u.exec(
    text.slice(Math.max(0, anchor.from - 90), anchor.from),
  );
  const after =
    /^[ \t,;:|()/-]{1,3}(\p{L}[\p{L}'’-]{1,40})[ ^_,]{1,2}(\p{L}[\p{L}'’-]{1,40})(?![\p{L}\p{N}])/u.exec(
      text.slice(anchor.to, anchor.to + 90),
    );
  const spans: Span[] = [];
  for (const [matched, base] of [
    [before, Math.max(0, anchor.from - 90)],
    [after, anchor.to],
  ] as const) {
    const [whole, first, second] = matched ?? [];
    if (matched === null || whole === undefined || first === undefined || second === undefined) continue;
    const at = whole.indexOf(first);
    const value = whole.slice(at, whole.lastIndexOf(second) + second.length);
    const span = isFullName(nameWithin(value)) ? nameSpan(base + matched.index + at, value) : undefined;
    if (span !== undefined) spans.push(span);
  }
  return spans;
}

function mails(text: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const before = BEFORE_AT.exec(text.slice(Math.max(0, at - 64), at))?.[0];
    const after = AFTER_AT.exec(text.slice(at + 1, at + 256))?.[0];
    if (before === undefined || after === undefined) continue;
    const value = `${before}@${after}`;
    spans.push({
      from: at - before.length,
      to: at + 1 + after.length,
      kind: "courriel",
      value: value.toLowerCase(),
    });
  }
  return spans;
}

/** A date that the NIR beside it tells too. */
function isBirthOf(date: string, { kind, value }: Span): boolean {
  if (kind !== "NIR") return false;
  const [first = "", second = "", third = ""] = /^\d{8}$/.test(date)
    ? [date.slice(0, 4), date.slice(4, 6), date.slice(6)]
    : date.split(/[ ./-]/);
  const [year, month] = first.length === 4 ? [first, second] : [third, second];
  return year.slice(-2) === value.slice(1, 3) && month.padStart(2, "0") === value.slice(3, 5);
}

/** Segments of HL7 v2 that are about persons, and what their fields hold. */
const SEGMENT = /(?<![^\n \t"'<\x1c])(PID|NK1|MRG)\|[^\n]{0,4000}/g;
const FIELDS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  PID: {
    2: "identifiant",
    3: "identifiant",
    4: "identifiant",
    5: "nom",
    6: "nom",
    7: "date de naissance",
    9: "nom",
    11: "adresse",
    13: "téléphone",
    14: "téléphone",
    18: "identifiant",
    19: "identifiant",
    20: "identifiant",
    21: "identifiant",
    23: "lieu de naissance",
  },
  NK1: { 2: "nom", 4: "adresse", 5: "téléphone", 6: "téléphone" },
  MRG: { 1: "identifiant", 3: "identifiant", 4: "identifiant", 7: "nom" },
};

function inMessages(text: string): Span[] {
  const spans: Span[] = [];
  for (const segment of text.matchAll(SEGMENT)) {
    const fields = FIELDS[segment[1] as string] ?? {};
    let from = segment.index;
    for (const [number, content] of segment[0].split("|").entries()) {
      const kind = fields[number];
      if (kind === "identifiant") spans.push(...identifiersIn(content, from));
      else if (kind !== undefined && /[0-9\p{L}]/u.test(content)) {
        const value =
          kind === "nom"
            ? nameOf(content)
            : kind === "téléphone"
              ? telephoneOf(content)
              : content.toUpperCase();
        spans.push({ from, to: from + content.length, kind, value });
      }
      from += content.length + 1;
    }
  }
  return spans;
}

/** The numbers of a field of identifiers; who gave them stays readable (HL7 v2.5, CX). */
function identifiersIn(content: string, from: number): Span[] {
  const spans: Span[] = [];
  let at = from;
  for (const repetition of content.split("~")) {
    const [number = ""] = repetition.split("^");
    if (/[0-9\p{L}]/u.test(number)) spans.push(identifierSpan(at, number));
    at += repetition.length + 1;
  }
  return spans;
}
