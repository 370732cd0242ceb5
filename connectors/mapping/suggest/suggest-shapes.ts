import { isAddress } from "../../shared/address.ts";

/** Kinds of values that are known without their name. */
type Shape = "address" | "mac" | "url" | "email" | "sha256" | "sha1" | "md5" | "date";

/** What a field that holds nothing else may be, and how that is said. */
export const SHAPES: Readonly<Record<Shape, { target: string; said: string }>> = {
  address: { target: "source", said: "an address; or destination" },
  mac: { target: "source.mac", said: "a hardware address" },
  url: { target: "url.original", said: "a URL" },
  email: { target: "user.email", said: "an e-mail address; or email.from.address, email.to.address" },
  sha256: { target: "file.hash.sha256", said: "as long as a SHA-256" },
  sha1: { target: "file.hash.sha1", said: "as long as a SHA-1" },
  md5: { target: "file.hash.md5", said: "as long as an MD5" },
  date: { target: "@timestamp", said: "a date; or event.start, event.end" },
};

/** Characters beyond which a value is of no kind. */
const LONGEST = 2048;
const HASHES: Readonly<Record<number, Shape>> = { 32: "md5", 40: "sha1", 64: "sha256" };

/** The kind of a value; undefined when it is of none. */
export function shapeOf(value: string): Shape | undefined {
  if (value.length < 3 || value.length > LONGEST) return undefined;
  if (isAddress(value)) return "address";
  const hash = HASHES[value.length];
  if (hash !== undefined && /^[0-9a-f]+$/i.test(value)) return hash;
  if (/^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i.test(value)) return "mac";
  if (/^[a-z][a-z0-9+.-]{1,15}:\/\/\S+$/i.test(value)) return "url";
  if (/^[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}$/.test(value)) return "email";
  if (/^\d{4}[-/.]\d\d[-/.]\d\d(?:[T ]\d\d:\d\d|$)/.test(value)) return "date";
  return undefined;
}
