import { clip, type Draft, putField } from "../../shared/draft.ts";

/** The version that SentinelOne gives a form of its own: four fields of a header, then pairs that pipes end. */
export const PIPED_VERSION = "2";
export const PIPED_HEADER_FIELDS = 4;

const KEY = /^[A-Za-z][\w.-]{0,127}$/;

/** Reads `key=value|key=value` into `fields`; a part without a key belongs to the value before it. */
export function readPiped(draft: Draft, text: string, from: number): void {
  let key = "";
  let value = "";
  const put = () => {
    if (key !== "") putField(draft, key, clip(draft, value.trim()));
  };
  for (const part of text.slice(from).split("|")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? "" : part.slice(0, equals).trim();
    if (KEY.test(name)) {
      put();
      key = name;
      value = part.slice(equals + 1);
    } else if (key !== "") value += `|${part}`;
  }
  put();
}
