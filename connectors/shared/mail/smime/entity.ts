/** A message taken apart: what says who, to whom and when, and the MIME entity that says what. */
export interface TakenApart {
  headers: string;
  entity: Buffer;
}

/** Takes a message of our own apart, with CRLF at the end of every line (RFC 8551, section 3.1.1). */
export function takeApart(raw: Uint8Array): TakenApart {
  const text = canonicalLines(raw);
  const end = text.indexOf("\r\n\r\n");
  // A header that goes on begins its next line with a space.
  const fields = text.slice(0, end).split(/\r\n(?![ \t])/);
  const isContent = (field: string) => /^content-/i.test(field);
  const lines = (kept: readonly string[]) => kept.map((field) => `${field}\r\n`).join("");
  return {
    headers: lines(fields.filter((field) => !isContent(field))),
    entity: Buffer.from(`${lines(fields.filter(isContent))}${text.slice(end + 2)}`, "latin1"),
  };
}

function canonicalLines(raw: Uint8Array): string {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("latin1");
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** Base64 in lines of 76 characters, each ended by CRLF. */
export function base64Lines(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return text.replace(/.{1,76}/g, "$&\r\n");
}
