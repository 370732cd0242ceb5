/** True for a JSON Pointer (RFC 6901): empty for the whole, or parts that each begin with a slash. */
export function isPointer(text: string): boolean {
  return text === "" || (text.startsWith("/") && !/~(?![01])/.test(text));
}

/** What a JSON Pointer names in a value (RFC 6901 §4); undefined when there is nothing. */
export function pointTo(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null) return undefined;
    // Of a list only what is written as its index: no `-`, no leading zero, no length.
    if (Array.isArray(found) && !/^(?:0|[1-9][0-9]{0,9})$/.test(name)) return undefined;
    if (!Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
