import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { RequestHandler } from "express";

const FOLDER = join(import.meta.dirname, "assets");
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** The style sheets of every page, in the order in which they count; each page fetches them as one. */
const SHEETS = [
  "page.css",
  "verdict.css",
  "controls.css",
  "list.css",
  "register.css",
  "incident.css",
  "story.css",
  "declaration.css",
  "decision.css",
  "filing.css",
  "duties.css",
  "debriefing.css",
  "paper.css",
];
const ALL_SHEETS = "pages.css";

/** What pages are shown with, as it lies in the folder. */
interface Asset {
  type: string;
  content: Buffer;
  /** Made when first asked for, then kept. */
  packed: Map<"br" | "gzip", Promise<Buffer>>;
}

const pack = { br: promisify(brotliCompress), gzip: promisify<Buffer, Buffer>(gzip) };

/** Style sheets, script and icon, read once and sent compressed; an address with their version is kept by browsers for a year. */
export function openAssets(): { version: string; serve: RequestHandler } {
  const files = new Map<string, Asset>();
  const version = createHash("sha256");
  const add = (name: string, content: Buffer) => {
    const type = TYPES[extname(name)];
    if (type !== undefined) files.set(name, { type, content, packed: new Map() });
  };
  for (const name of readdirSync(FOLDER).sort()) {
    const content = readFileSync(join(FOLDER, name));
    version.update(content);
    add(name, content);
  }
  add(ALL_SHEETS, Buffer.concat(SHEETS.map((name) => files.get(name)?.content ?? Buffer.alloc(0))));
  const hash = version.digest("hex").slice(0, 12);

  const packed = ({ content, packed }: Asset, coding: "br" | "gzip") => {
    const known = packed.get(coding) ?? pack[coding](content);
    packed.set(coding, known);
    return known;
  };
  return {
    version: hash,
    async serve(request, response, next) {
      const file = files.get(request.path.slice(1));
      if (file === undefined || (request.method !== "GET" && request.method !== "HEAD")) return next();
      const accepted = request.acceptsEncodings("br", "gzip", "identity");
      const coding = accepted === "br" || accepted === "gzip" ? accepted : undefined;
      const body = coding === undefined ? file.content : await packed(file, coding);
      response.vary("Accept-Encoding");
      if (coding !== undefined) response.setHeader("Content-Encoding", coding);
      const kept = request.query.v === hash ? "public, max-age=31536000, immutable" : "public, max-age=3600";
      response.setHeader("Cache-Control", kept);
      response.type(file.type).send(body);
    },
  };
}
