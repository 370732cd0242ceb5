import { createHash } from "node:crypto";
import type { Kept } from "../../contract.ts";

/** What a message is made of; names and subject are one line already. */
export interface MailParts {
  from: { name: string; address: string };
  to: readonly { name: string; address: string }[];
  replyTo?: string | undefined;
  subject: string;
  messageId: string;
  date: Date;
  text: string;
  html?: string | undefined;
  attachments?: readonly Kept[] | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** (Default: quoted-printable.) */
  textEncoding?: "quoted-printable" | "base64" | undefined;
}

const inLines = (text: string) => text.replace(/\r\n|\r|\n/g, "\r\n");
const CRLF = Buffer.from("\r\n");

/** Writes a message as it travels (RFC 5322 and MIME): ASCII in every header and every line, CRLF, bounded lines. */
export async function composeMail(parts: MailParts): Promise<Buffer> {
  // Loaded when first needed: the threads that only read the registry do without it.
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const { to, text, replyTo, html, attachments = [], headers = {}, ...plain } = parts;
  const node = new MailComposer({
    textEncoding: "quoted-printable",
    ...plain,
    to: [...to],
    // A line of text ends with CRLF under every encoding (RFC 2046, section 4.1.1).
    text: inLines(text),
    ...(replyTo !== undefined && { replyTo }),
    ...(html !== undefined && { html: inLines(html) }),
    attachments: attachments.map(({ name, type, bytes }) => ({
      filename: name,
      contentType: type,
      content: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    })),
    headers: { ...headers },
    // Nothing of a message may make the composer read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const built = await node.build();
  // SMTP ends the last line where the composer did not: what leaves is what was made.
  return built.subarray(-2).equals(CRLF) ? built : Buffer.concat([built, CRLF]);
}

/** The Message-ID of what has a key of its own, so that a repeat is known for one. */
export function messageIdOf(key: string, from: string): string {
  const domain = from.slice(from.indexOf("@") + 1);
  return `<${createHash("sha256").update(key).digest("hex").slice(0, 40)}@${domain}>`;
}
