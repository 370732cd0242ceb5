/** A process number that stands in a text, when it is one; RFC 5424 allows any text there. */
export function pidOf(text: string, from = 0, to = text.length): number | undefined {
  if (to <= from || to - from > 10) return undefined;
  let pid = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    pid = pid * 10 + digit;
  }
  return pid;
}
