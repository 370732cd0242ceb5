const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

/** The mail as a page: one column, no picture, no style from outside, nothing that tells who reads it. */
export function mailHtml(parts: { subject: string; text: string; link: string; foot: string }): string {
  const paragraphs = parts.text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => `<p style="margin:0 0 12px">${escaped(line)}</p>`)
    .join("\n");
  const link = /^https?:\/\//.test(parts.link) ? parts.link : "";
  return `<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escaped(parts.subject)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;max-width:40em">
<h1 style="font-size:20px;line-height:1.3;margin:0 0 16px">${escaped(parts.subject)}</h1>
${paragraphs}
<p style="margin:20px 0"><a href="${escaped(link)}" style="font-weight:bold">Ouvrir dans Tocsin</a><br>${escaped(link)}</p>
<p style="font-size:13px;margin:24px 0 0">${escaped(parts.foot)}</p>
</body></html>
`;
}
