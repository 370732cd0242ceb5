import type { Alert } from "../../agent/core/alert.ts";
import type { Decoded, Inbound, ParseContext } from "../contract.ts";
import { reasonOf, type Select } from "./select-mapping.ts";

/** Decorates a way in: the alert of each record is then read by the mapping that knows it, if one does. */
export function withMappings(inbound: Inbound, select: Select): Inbound {
  const { decode, list } = inbound;
  const map = (alert: Alert | undefined, context: ParseContext): void => {
    if (alert === undefined) return;
    const { trace } = context;
    // What no step of the parser has claimed is the parser's.
    trace?.({ by: "parser", name: alert.event?.module ?? inbound.name }, alert);
    const selected = select(alert);
    if (selected === undefined) return;
    const { mapping, sign } = selected;
    trace?.(
      { by: "mapping", name: mapping.name, rule: sign.place(), because: reasonOf(selected, alert) },
      alert,
    );
    mapping.apply(alert, context);
  };
  const mapped = (decoded: Decoded, context: ParseContext): Decoded => {
    if (decoded.outcome === "decoded") for (const { alert } of decoded.records) map(alert, context);
    return decoded;
  };
  return {
    ...inbound,
    parse(text, context) {
      const parsed = inbound.parse(text, context);
      map(parsed.alert, context);
      return parsed;
    },
    ...(decode === undefined
      ? {}
      : { decode: (headers, body, context) => mapped(decode(headers, body, context), context) }),
    ...(list === undefined
      ? {}
      : {
          list(headers, body, context) {
            const found = list(headers, body, context);
            if (found === undefined) return undefined;
            return { ...found, decode: (from, to) => mapped(found.decode(from, to), context) };
          },
        }),
  };
}
