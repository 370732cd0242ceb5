import type { Inbound } from "../../contract.ts";

/** The formats that a message may be in, ready to be asked for. */
export interface Payloads {
  /** By the first character of what their records begin with. */
  byFirst: readonly (readonly Opening[] | undefined)[];
  /** Those whose records begin as they like; asked last. */
  others: readonly Inbound[];
}

interface Opening {
  literal: string;
  format: Inbound;
}

/** A message, or its end, that a format says is its own. */
export interface Payload {
  format: Inbound;
  /** The record of that format. */
  body: string;
  because: string;
}

/** Sorts formats by what their records begin with. */
export function payloadsOf(formats: readonly Inbound[]): Payloads {
  const byFirst: Opening[][] = [];
  for (const format of formats) {
    for (const literal of format.begins ?? []) {
      const first = literal.charCodeAt(0);
      byFirst[first] ??= [];
      byFirst[first].push({ literal, format });
    }
  }
  return { byFirst, others: formats.filter(({ begins }) => begins === undefined) };
}

/** Finds the format that is surest of a message by how it begins; CEF and LEEF may have a text before them. */
export function beginning(payloads: Payloads, message: string): Payload | undefined {
  let at = 0;
  while (message.charCodeAt(at) === 0x20) at++;
  if (message.charCodeAt(at) === 0x40 && message.startsWith("@cee:", at)) {
    at += 5;
    while (message.charCodeAt(at) === 0x20) at++;
  }
  const found = surest(payloads, message, at);
  if (found !== undefined) return found;
  // The end of `CEF:` and `LEEF:`, which keep their names whatever precedes them.
  const embedded = message.indexOf("EF:", at);
  if (embedded < 1) return undefined;
  const start = message.startsWith("LE", embedded - 2) ? embedded - 2 : embedded - 1;
  return start < 0 ? undefined : surest(payloads, message, start);
}

/** Finds a format among those whose records begin as they like. */
export function anywhere(payloads: Payloads, message: string): Payload | undefined {
  let best: Payload | undefined;
  let certainty = LEAST;
  for (const format of payloads.others) {
    const sure = format.recognise(message);
    if (sure.certainty > certainty) {
      best = { format, body: message, because: sure.because };
      certainty = sure.certainty;
    }
  }
  return best;
}

/** How sure a format must be of a message that does not begin as its records do. */
const LEAST = 0.5;

function surest(payloads: Payloads, message: string, at: number): Payload | undefined {
  const openings = payloads.byFirst[message.charCodeAt(at)];
  if (openings === undefined) return undefined;
  let body: string | undefined;
  let best: Payload | undefined;
  let certainty = 0;
  for (const { literal, format } of openings) {
    if (best?.format === format || !message.startsWith(literal, at)) continue;
    body ??= at === 0 ? message : message.slice(at);
    const sure = format.recognise(body);
    if (sure.certainty > certainty) {
      best = { format, body, because: sure.because };
      certainty = sure.certainty;
    }
  }
  return best;
}
