import { type Alert, AlertTag } from "../agent/core/alert.ts";
import type { DecodedRecord, Inbound, ParseContext, Parsed } from "./contract.ts";
import { addTag, clip, finish, newDraft } from "./shared/draft.ts";
import { textOf } from "./shared/json.ts";

/** A format that may be a record's, with how sure it is and why. */
export interface Recognised {
  connector: Inbound;
  certainty: number;
  because: string;
}

/** The format that is surest of a record; undefined when none is at all. */
export function surestOf(formats: readonly Inbound[], text: string): Recognised | undefined {
  let best: Recognised | undefined;
  for (const connector of formats) {
    const { certainty, because } = connector.recognise(text);
    if (certainty > (best?.certainty ?? 0)) best = { connector, certainty, because };
    if (certainty === 1) break;
  }
  return best;
}

/**
 * The way in that recognises each record, then reads it as that format; what none recognises is its text. `example` is
 * that of one of the formats. (Default: bare text.)
 */
export function autoOf(formats: readonly Inbound[], example: Inbound["example"] = (text) => text): Inbound {
  const bodies = formats.filter(({ decode }) => decode !== undefined);

  function parse(text: string, context: ParseContext): Parsed {
    const surest = surestOf(formats, text);
    if (surest === undefined) return unrecognised(text, context);
    return surest.connector.parse(text, context);
  }

  /** Reads one value of a body; a text in a list of texts is a record of text. */
  function decodeOne(
    headers: Readonly<Record<string, string | undefined>>,
    value: unknown,
    context: ParseContext,
  ): DecodedRecord[] {
    if (typeof value === "string") return [parse(value, context)];
    const text = textOf(value);
    const decode = surestOf(bodies, text)?.connector.decode;
    if (decode === undefined) {
      return [{ error: { code: "unrecognised", message: "no format recognises this JSON value" } }];
    }
    const whole = decode(headers, value, context);
    // What stands in a list may be a record that is no body by itself.
    const decoded = whole.outcome === "decoded" ? whole : decode(headers, [value], context);
    if (decoded.outcome === "decoded") return decoded.records;
    const { code, field, message } = decoded;
    return [{ error: { code, message: `${field}: ${message}` } }];
  }

  return {
    name: "auto",
    summary: "Any of the formats, recognised record by record.",
    ways: ["text", "http"],
    example,
    parse,
    recognise: (text) => surestOf(formats, text) ?? { certainty: 0, because: "no format recognises it" },
    decode: (headers, body, context) => ({
      outcome: "decoded",
      records: (Array.isArray(body) ? body : [body]).flatMap((value) => decodeOne(headers, value, context)),
    }),
    list: (headers, body, context) =>
      surestOf(bodies, textOf(body))?.connector.list?.(headers, body, context),
  };
}

function unrecognised(text: string, context: ParseContext): Parsed {
  if (text.trim() === "") return { error: { code: "empty", message: "the record is empty" } };
  const draft = newDraft(text, "text", "text");
  draft.alert.message = clip(draft, text);
  const alert: Alert = finish(draft, undefined, context);
  addTag(alert, AlertTag.unrecognised);
  return { alert };
}
