import type { X509Certificate } from "node:crypto";
import { encryptEntity } from "./encrypt-entity.ts";
import { takeApart } from "./entity.ts";
import { type Signer, signEntity } from "./sign-entity.ts";

/** How a message is protected: signed, encrypted, or signed and then encrypted. */
export interface Protection {
  signer?: Signer | undefined;
  recipients?: readonly X509Certificate[] | undefined;
  now: Date;
}

/** Protects a message of our own (S/MIME 4.0, RFC 8551); who, to whom and when stand outside, in clear. */
export async function protectMail(raw: Buffer, { signer, recipients, now }: Protection): Promise<Buffer> {
  if (signer === undefined && recipients === undefined) return raw;
  const { headers, entity } = takeApart(raw);
  const signed = signer === undefined ? entity : await signEntity(entity, signer, now);
  const closed = recipients === undefined ? signed : await encryptEntity(signed, recipients);
  return Buffer.concat([Buffer.from(headers, "latin1"), closed]);
}
