import { createHmac } from "node:crypto";
import type { Masked, MaskOptions, Masks } from "../masked.ts";
import { findBeside, findLabelled, telephoneOf } from "./find-beside.ts";
import { findNirs } from "./find-nirs.ts";
import { foldText } from "./fold-text.ts";
import { type CompiledPattern, findIdentifiers } from "./identifier-pattern.ts";
import type { Span } from "./span.ts";

/** Read beyond the limit asked for: an identity that begins before it is seen whole. */
const BEYOND = 1024;
/** Texts without identity that are remembered, and how long they are at most: the same ones come again and again. */
const CLEAN = { texts: 4096, characters: 512 };
/** Without vowels no word comes about, and no digit can be taken for a number. */
const MARK_LETTERS = "bcdfghjkmnpqrstvwxz";
const FEMININE = new Set(["date de naissance", "adresse"]);
const OWN = { enumerable: true, configurable: true, writable: true };
const KINDS = [
  "NIR",
  "nom",
  "identifiant",
  "date de naissance",
  "lieu de naissance",
  "courriel",
  "téléphone",
  "adresse",
];

/**
 * Makes what masks the identities of patients. `keep` are telephones and addresses of mail that stay readable.
 *
 * A mark is a keyed fingerprint (HMAC-SHA-256) of the identity in its incident: stable in every text, whatever the
 * order, and of no use without the secret.
 */
export function maskIdentities(parts: {
  secret: string;
  patterns: readonly CompiledPattern[];
  keep?: readonly string[];
  /** Told of every identity masked: its kind, never its value. */
  told?: ((kind: string) => void) | undefined;
}): Masks {
  const { secret, patterns, told } = parts;
  const kept = new Set(
    (parts.keep ?? []).map((each) => (each.includes("@") ? each.toLowerCase() : telephoneOf(each))),
  );
  const names = [...KINDS, ...patterns.map(({ name }) => name)].map((name) =>
    name.replace(/[^\p{L}\p{N} ]/gu, "\\$&"),
  );
  /** Marks made before are left as they are, so that masking twice is masking once. */
  const marks = new RegExp(`\\[(?:${names.join("|")}) masquée? [${MARK_LETTERS}]{5}\\]`, "gu");

  const markOf = ({ kind, value }: Span, incident: string | null) => {
    const digest = createHmac("sha256", secret)
      .update(JSON.stringify([incident, kind, value]))
      .digest();
    const letters = Array.from(
      { length: 5 },
      (_, i) => MARK_LETTERS[digest.readUInt16BE(i * 2) % MARK_LETTERS.length],
    );
    return `[${kind} masqué${FEMININE.has(kind) ? "e" : ""} ${letters.join("")}]`;
  };

  const clean = new Set<string>();
  const remember = (whole: string) => {
    if (whole.length > CLEAN.characters) return;
    if (clean.size >= CLEAN.texts) clean.clear();
    clean.add(whole);
  };

  function text(whole: string, { incident, limit = whole.length, known, tally }: MaskOptions): Masked {
    if (known?.has(whole) || clean.has(whole)) return whole.slice(0, limit) as Masked;
    const original = whole.length > limit + BEYOND ? whole.slice(0, limit + BEYOND) : whole;
    const { text: folded, start, end } = foldText(original);
    const certain = [
      ...findNirs(folded),
      ...patterns.flatMap((pattern) => findIdentifiers(folded, pattern)),
      ...findLabelled(folded),
    ];
    if (certain.length === 0) {
      remember(whole);
      return whole.slice(0, limit) as Masked;
    }
    const beside = findBeside(folded, certain).filter(({ value }) => !kept.has(value));
    const made = [...folded.matchAll(marks)].map(({ index, 0: mark }) => ({
      from: index,
      to: index + mark.length,
    }));
    let masked = "";
    let at = 0;
    for (const span of apart([...certain, ...beside], made)) {
      const [from, to] = [start?.[span.from] ?? span.from, end?.[span.to - 1] ?? span.to];
      if (from >= limit) break;
      masked += original.slice(at, from) + markOf(span, incident);
      at = to;
      told?.(span.kind);
      tally?.set(span.kind, (tally.get(span.kind) ?? 0) + 1);
    }
    return (masked + (at < limit ? original.slice(at, limit) : "")) as Masked;
  }

  function every<T>(value: T, options: MaskOptions): Masked<T> {
    const walk = (each: unknown): unknown => {
      if (typeof each === "string") return text(each, options);
      if (typeof each !== "object" || each === null) return each;
      if (Array.isArray(each)) return each.map(walk);
      if (Object.getPrototypeOf(each) !== Object.prototype) return each;
      const copy: Record<string, unknown> = {};
      for (const key of Object.keys(each)) {
        const member = walk((each as Record<string, unknown>)[key]);
        // A member of that name is one like the others, as JSON has it.
        if (key === "__proto__") Object.defineProperty(copy, key, { ...OWN, value: member });
        else copy[key] = member;
      }
      return copy;
    };
    return walk(value) as Masked<T>;
  }

  return { text, every };
}

/** Spans in order, none overlapping: of two, the one that begins first and then the longer. */
function apart(spans: readonly Span[], made: readonly { from: number; to: number }[]): Span[] {
  const chosen: Span[] = [];
  let mark = 0;
  for (const span of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (span.from < (chosen.at(-1)?.to ?? 0)) {
      const last = chosen.at(-1) as Span;
      // What goes on beyond the one before is masked with it: no half of an identity stays.
      last.to = Math.max(last.to, span.to);
      continue;
    }
    while ((made[mark]?.to ?? Number.POSITIVE_INFINITY) <= span.from) mark += 1;
    // Within a mark, not around one: whoever writes a mark into his text hides nothing behind it.
    const within = made[mark];
    if (within !== undefined && within.from <= span.from && span.to <= within.to) continue;
    chosen.push({ ...span });
  }
  return chosen;
}
