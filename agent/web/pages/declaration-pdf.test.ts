import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describePeer, itPeer, peer } from "../../../test/support/peer.ts";
import { contentOfScene, draftOf, NIGHT } from "../../../test/support/web-declaration.ts";
import { startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { declarationPdf, type PaperText, printableText } from "./declaration-pdf.ts";

const poppler = peer("Poppler", "pdftotext", "apt-get install poppler-utils");
const HOSTILE =
  "a\u202egnp.exe \u0000\u001b[31m ) Tj ET endstream endobj %PDF /JavaScript (app.alert(1)) 中文 <script>alert(1)</script>";

const paper = (text?: string, over: Partial<PaperText> = {}): PaperText => {
  const content = { ...contentOfScene(2, "Deux serveurs."), ...(text === undefined ? {} : { text }) };
  return {
    declaration: draftOf(content),
    content,
    state: "EXERCICE : PROJET",
    decision: null,
    address: "https://tocsin.example/chv/incidents/inc-1/declaration",
    made: NIGHT,
    madeWords: "dim. 15 nov. 02:31",
    ...over,
  };
};

/** What a tool of Poppler says of a PDF. */
function read(tool: "pdftotext" | "pdfinfo", pdf: Buffer, ...args: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pdf-"));
  try {
    writeFileSync(join(folder, "x.pdf"), pdf);
    const out = tool === "pdftotext" ? ["-"] : [];
    return execFileSync(tool, [...args, join(folder, "x.pdf"), ...out], { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a text in the characters of the paper", () => {
  it.each([
    ["French as it is", "Œuvre « déjà » — 5 € à l’hôpital…", "Œuvre « déjà » — 5 € à l’hôpital…", 0],
    ["a letter and its accent as one", "e\u0301te\u0301", "été", 0],
    ["narrow spaces as spaces", "3\u202f000", "3\u00a0000", 0],
    ["another script by its numbers", "中é", "[U+4E2D]é", 1],
    ["what reorders or hides by its numbers", "a\u202eb\u00adc\u200bd", "a[U+202E]b[U+00AD]c[U+200B]d", 3],
    ["controls by their numbers", "a\u0000\u001bb", "a[U+0000][U+001B]b", 2],
    ["half a character by its number", "\ud83d", "[U+D83D]", 1],
  ])("writes %s", (_, text, shown, replaced) => {
    expect(printableText(text)).toEqual({ text: shown, replaced });
  });
});

describe("the PDF of a declaration", () => {
  it("is tagged, in French, and carries nothing that acts", async () => {
    const pdf = (await declarationPdf(paper(HOSTILE))).toString("latin1");
    expect(pdf.startsWith("%PDF-1.7")).toBe(true);
    expect(pdf.trimEnd().endsWith("%%EOF")).toBe(true);
    expect(pdf).toContain("/Lang (fr-FR)");
    expect(pdf).toMatch(/\/Marked true/);
    expect(pdf).toMatch(/\/StructTreeRoot \d+ 0 R/);
    expect(pdf).not.toMatch(/\/(JavaScript|JS|OpenAction|AA|Launch|URI|EmbeddedFile)\b/);
    expect(pdf.match(/%PDF/g)).toHaveLength(1);
  });

  it("is the same twice: nothing in it depends on the machine", async () => {
    expect(await declarationPdf(paper())).toEqual(await declarationPdf(paper()));
  });

  it("costs little, even of one word without end", async () => {
    await declarationPdf(paper());
    const from = process.cpuUsage().user;
    await declarationPdf(paper("x".repeat(100_000)));
    expect((process.cpuUsage().user - from) / 1000).toBeLessThan(2500);
  });
});

describePeer(poppler, "the PDF of a declaration, read by another program", () => {
  itPeer(poppler, "has the exact text, and state, version and fingerprint on every page", async () => {
    const text = Array.from({ length: 200 }, (_, n) => `- Champ ${n} : valeur ${n}, à l'hôpital.`).join("\n");
    const given = paper(`DÉCLARATION\n\n${text}`, {
      state: "VALIDÉ, PAS ENCORE DÉPOSÉ",
      decision: "validé par Dr Claire",
    });
    const pdf = await declarationPdf(given);
    const pages = read("pdftotext", pdf, "-layout").split("\f").slice(0, -1);
    expect(pages.length).toBeGreaterThan(2);
    for (const [n, page] of pages.entries()) {
      expect(page).toContain("VALIDÉ, PAS ENCORE DÉPOSÉ");
      expect(page).toContain("Version 2");
      expect(page).toContain(`Page ${n + 1} sur ${pages.length}`);
      expect(page.replace(/\s/g, "")).toContain(`SHA-256${given.declaration.sha256}`);
    }
    const words = pages.join("\n");
    for (let n = 0; n < 200; n++) expect(words).toContain(`- Champ ${n} : valeur ${n}, à l'hôpital.`);
    expect(words).toContain("n'est pas le formulaire de l'autorité");
    const info = read("pdfinfo", pdf);
    for (const line of [/Tagged: +yes/, /JavaScript: +no/, /Page size: .*A4/, /Encrypted: +no/])
      expect(info).toMatch(line);
  });

  itPeer(poppler, "shows hostile characters instead of obeying them, and says how many", async () => {
    const words = read("pdftotext", await declarationPdf(paper(`TITRE\n\n- Machine : ${HOSTILE}`)));
    expect(words).toContain("a[U+202E]gnp.exe [U+0000][U+001B][31m ) Tj ET endstream endobj");
    expect(words).toContain("[U+4E2D][U+6587]");
    expect(words).toContain("5 caractères que cette police n'a pas");
  });
});

describe("the address of the PDF", () => {
  it("gives the version asked for, to whoever may read, as a file that cannot be taken for another", async () => {
    const scene = await startScene();
    try {
      const person = visitor(scene);
      expect((await person.get("/chv/incidents/inc-1/declaration.pdf")).status).toBe(303);
      await person.signIn("anne");
      for (const [query, status] of [
        ["", 200],
        ["?version=1", 200],
        ["?version=9", 404],
        ["?version=1&version=2", 404],
      ] as const)
        expect((await person.get(`/chv/incidents/inc-1/declaration.pdf${query}`)).status).toBe(status);
      const { headers, text } = await person.get("/chv/incidents/inc-1/declaration.pdf");
      expect(headers.get("content-type")).toBe("application/pdf");
      expect(headers.get("content-disposition")).toBe('inline; filename="EXERCICE-2026-0007-v1.pdf"');
      expect(text.startsWith("%PDF-1.7")).toBe(true);
    } finally {
      await scene.close();
    }
  });
});
