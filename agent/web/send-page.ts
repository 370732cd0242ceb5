import { randomBytes, randomInt } from "node:crypto";
import { gzip } from "node:zlib";
import type { Request, Response } from "express";

/** Bytes from which a page is worth packing: less fits in one packet. */
const WORTH = 1400;
/** Most bytes of noise behind a page. */
const NOISE = 96;

/**
 * Sends a page, packed where the browser takes that. How long a packed page is tells an eavesdropper which of its words
 * come twice, and an attacker may plant lines that pages show (BREACH): noise of random length stands behind each.
 */
export function sendPage(request: Request, response: Response, html: string): void {
  response.type("html").vary("Accept-Encoding");
  if (html.length < WORTH || request.acceptsEncodings("gzip", "identity") !== "gzip")
    return void response.send(html);
  const noise = randomBytes(randomInt(NOISE)).toString("base64url");
  gzip(`${html}<!-- ${noise.replaceAll("-", "_")} -->\n`, (failed, packed) => {
    if (response.destroyed || response.headersSent) return;
    if (failed !== null) return void response.send(html);
    response.setHeader("Content-Encoding", "gzip");
    response.send(packed);
  });
}
