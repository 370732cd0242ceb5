/** Media types that no browser runs or renders as a page; all else leaves as bytes without a meaning. */
const SAFE: ReadonlySet<string> = new Set(["application/pdf", "image/jpeg", "image/png", "text/plain"]);

/** The media type that a declared one is handed over as. */
export function handedOverAs(declared: string): string {
  const type = declared.split(";")[0]?.trim().toLowerCase() ?? "";
  return SAFE.has(type) ? type : "application/octet-stream";
}

/**
 * A `Content-Disposition` that saves under a name (RFC 6266): in ASCII for old readers, then exactly (RFC 8187).
 *
 * The name is one of `safeFileName`: without path, quotes and controls.
 */
export function savedAs(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/g, "_")
    .replace(/["\\%;]/g, "_");
  const exact = encodeURIComponent(name).replace(
    /['()*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}
