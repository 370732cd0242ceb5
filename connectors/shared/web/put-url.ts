import type { Alert } from "../../../agent/core/alert.ts";
import { portOf } from "../address.ts";
import { clip, type Draft } from "../draft.ts";

type Url = NonNullable<Alert["url"]>;

const ABSOLUTE =
  /^([a-z][a-z0-9+.-]{0,15}):\/\/(?:[^/?#@\s]{0,256}@)?(\[[0-9a-f:.]{2,64}\]|[^/?#:\s]{1,255})(?::(\d{1,5}))?/i;

/** Writes a request's target, as it stands, and the parts of it that it has: never decoded. */
export function putUrl(draft: Draft, target: string): void {
  const text = clip(draft, target);
  const url: Url = { ...draft.alert.url, original: text };
  draft.alert.url = url;
  const origin = ABSOLUTE.exec(text.slice(0, 700));
  let from = 0;
  if (origin !== null) {
    from = origin[0].length;
    url.full = text;
    url.scheme = (origin[1] as string).toLowerCase();
    url.domain = (origin[2] as string).replace(/^\[|\]$/g, "");
    const port = portOf(origin[3] ?? "");
    if (port !== undefined) url.port = port;
  }
  const hash = text.indexOf("#", from);
  const end = hash < 0 ? text.length : hash;
  const mark = text.indexOf("?", from);
  const pathEnd = mark < 0 || mark > end ? end : mark;
  const path = text.slice(from, pathEnd);
  if (path.startsWith("/")) {
    url.path = path;
    const extension = /\.([A-Za-z0-9]{1,16})$/.exec(path.slice(path.lastIndexOf("/") + 1));
    if (extension !== null) url.extension = extension[1] as string;
  }
  if (pathEnd < end) url.query = text.slice(pathEnd + 1, end);
}
