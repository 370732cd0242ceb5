import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TIMED } from "../../../test/support/effort.ts";
import { describePeer, itPeer, peer } from "../../../test/support/peer.ts";
import { contentOfScene, draftOf, NIGHT } from "../../../test/support/web-declaration.ts";
import { startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import type { FormField } from "../../core/declaration.ts";
import { formatInstant } from "../french.ts";
import { declarationPdf, PAPER_LIMIT, type PaperText } from "./declaration-pdf.ts";
import { printableText } from "./printable-text.ts";

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
    time: (instant) => formatInstant(instant, "Europe/Paris"),
    ...over,
  };
};

/** What a tool of Poppler says of a PDF. */
function read(tool: "pdftotext" | "pdfinfo" | "pdffonts", pdf: Buffer, ...args: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pdf-"));
  try {
    writeFileSync(join(folder, "x.pdf"), pdf);
    const out = tool === "pdftotext" ? ["-"] : [];
    return execFileSync(tool, [...args, join(folder, "x.pdf"), ...out], { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** For each page as it looks, whether the watermark is on it: the only colour of the paper. */
function reddish(pdf: Buffer): boolean[] {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pdf-"));
  try {
    writeFileSync(join(folder, "x.pdf"), pdf);
    execFileSync("pdftoppm", ["-r", "12", join(folder, "x.pdf"), join(folder, "page")]);
    const pictures = readdirSync(folder).filter((name) => name.endsWith(".ppm"));
    return pictures.sort().map((name) => {
      const picture = readFileSync(join(folder, name));
      let red = 0;
      for (let at = picture.length % 3; at + 2 < picture.length; at += 3)
        if ((picture[at] ?? 0) > (picture[at + 1] ?? 0) + 8) red += 1;
      return red > 500;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a text in the characters of the paper", () => {
  it.each([
    ["French as it is", "Œuvre « déjà » — 5 € à l’hôpital…", "Œuvre « déjà » — 5 € à l’hôpital…", 0],
    ["a letter and its accent as one", "e\u0301te\u0301", "été", 0],
    ["the letters of European names", "Škoda Žižek Łódź Ğ Nguyễn", "Škoda Žižek Łódź Ğ Nguyễn", 0],
    ["arrows and signs", "A → B ≥ 5 † ‰ ✓", "A → B ≥ 5 † ‰ ✓", 0],
    ["a letter that looks like one of ours by its number", "p\u0430ypal", "p[U+0430]ypal", 1],
    ["letters of phonetics and numerals that look like others", "\u0251\u2164", "[U+0251][U+2164]", 2],
    ["a line that only a return ends by its number", "a\r- État : VALIDÉ", "a[U+000D]- État : VALIDÉ", 1],
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
    expect(pdf).toContain("<pdfuaid:part>");
    expect(pdf).toContain("/DisplayDocTitle true");
    expect(pdf).not.toMatch(/\/(JavaScript|JS|OpenAction|AA|Launch|URI|EmbeddedFile)\b/);
    expect(pdf.match(/%PDF/g)).toHaveLength(1);
  });

  it("is the same twice: nothing in it depends on the machine", async () => {
    expect(await declarationPdf(paper())).toEqual(await declarationPdf(paper()));
  });

  it("writes metadata that XML reads, whatever the facility is called", async () => {
    const given = paper();
    given.content = { ...given.content, facility: { id: "chv", name: "Saint-Luc & Saint-Jean <CHU>" } };
    const xml = /<x:xmpmeta[\s\S]*<\/x:xmpmeta>/.exec((await declarationPdf(given)).toString("latin1"))?.[0];
    expect(xml).toContain("Saint-Luc et Saint-Jean  CHU ");
    expect(xml).not.toContain("&");
  });

  it.runIf(TIMED)("costs less than 300 ms, and little even of one word without end", async () => {
    const text = Array.from({ length: 60 }, (_, n) => `- Champ ${n} : une réponse d'une ligne ou deux.`);
    await declarationPdf(paper(text.join("\n")));
    const cost = async (given: string) => {
      const from = process.cpuUsage().user;
      await declarationPdf(paper(given));
      return (process.cpuUsage().user - from) / 1000;
    };
    expect(await cost(text.join("\n"))).toBeLessThan(300);
    expect(await cost("x".repeat(100_000))).toBeLessThan(4000);
  });

  it("refuses a text that would hold up everybody", async () => {
    await expect(declarationPdf(paper("x".repeat(PAPER_LIMIT + 1)))).rejects.toThrow(/is not put on paper/);
  });
});

describePeer(poppler, "the PDF of a declaration, read by another program", () => {
  itPeer(poppler, "has the exact text, and state, version and fingerprint on every page", async () => {
    const text = Array.from({ length: 200 }, (_, n) => `- Champ ${n} : valeur ${n}, à l'hôpital.`).join("\n");
    const given = paper(`DÉCLARATION\n\n${text}`, {
      state: "VALIDÉ, PAS ENCORE DÉPOSÉ",
      decision: "validé par Dr Claire",
    });
    given.content = { ...given.content, exercise: false };
    const pdf = await declarationPdf(given);
    const pages = read("pdftotext", pdf).split("\f").slice(0, -1);
    expect(pages.length).toBeGreaterThan(2);
    for (const [n, page] of pages.entries()) {
      expect(page).toContain("VALIDÉ, PAS ENCORE DÉPOSÉ");
      expect(page).toContain("Version 2");
      expect(page).toContain(`Page ${n + 1} sur ${pages.length}`);
      expect(page.replace(/\s/g, "")).toContain(`SHA-256${given.declaration.sha256}`);
    }
    const words = pages.join("\n");
    for (let n = 0; n < 200; n++) expect(words).toContain(`- Champ ${n} : valeur ${n}, à l'hôpital.`);
    expect(words.replace(/\s+/g, " ")).toContain("n'est pas le formulaire de l'autorité");
    expect(reddish(pdf)).toEqual(pages.map(() => false));
    const info = read("pdfinfo", pdf);
    for (const line of [/Tagged: +yes/, /JavaScript: +no/, /Page size: .*A4/, /Encrypted: +no/])
      expect(info).toMatch(line);
  });

  itPeer(poppler, "shows hostile characters instead of obeying them, and says how many", async () => {
    const words = read("pdftotext", await declarationPdf(paper(`TITRE\n\n- Machine : ${HOSTILE}`)));
    expect(words.replace(/\s+/g, " ")).toContain(
      "a[U+202E]gnp.exe [U+0000][U+001B][31m ) Tj ET endstream endobj",
    );
    expect(words).toContain("[U+4E2D][U+6587]");
    expect(words).toContain("5 caractères qui ne s'impriment pas ici");
  });

  itPeer(poppler, "marks every page of an exercise, and embeds every font", async () => {
    const text = Array.from({ length: 120 }, (_, n) => `- Champ ${n} : valeur`).join("\n");
    const pdf = await declarationPdf(paper(text, { state: "PROJET" }));
    const pages = read("pdftotext", pdf).split("\f").slice(0, -1);
    expect(pages.length).toBeGreaterThan(2);
    expect(reddish(pdf)).toEqual(pages.map(() => true));
    expect(pages.join(" ")).not.toContain("EXERCICE");
    const fonts = read("pdffonts", pdf).trim().split("\n").slice(2);
    expect(fonts).toHaveLength(2);
    // Embedded, a subset, with the table that gives its characters back.
    for (const font of fonts) expect(font).toMatch(/DejaVuSans.* yes yes yes /);
  });

  itPeer(poppler, "has every letter that it does not write by its number", async () => {
    const letters = Array.from({ length: 0x1f00 }, (_, n) => String.fromCodePoint(n + 0xa1)).filter(
      (letter) => letter.normalize("NFC") === letter && printableText(letter).text === letter,
    );
    expect(letters.length).toBeGreaterThan(600);
    const words = letters.map((letter) => `a${letter}b`);
    const printed = read("pdftotext", await declarationPdf(paper(`LETTRES\n- Toutes : ${words.join(" ")}`)));
    const found = new Set(printed.normalize("NFC").split(/\s+/));
    expect(words.filter((word) => !found.has(word))).toEqual([]);
  });

  itPeer(poppler, "says beside each value where it comes from, and reads it after the value", async () => {
    const field = (label: string, value: string | null, provenance: FormField["provenance"]): FormField => ({
      id: label,
      label,
      value,
      unknown: value === null,
      provenance,
      basis: "A",
    });
    const fields = [
      field("Description", "a\n- Périmètre : tout", { by: "machine", because: "", evidence: ["1", "2"] }),
      field("Périmètre", "le PACS", { by: "person", name: "A. Morel", at: NIGHT }),
      field("Raison sociale", "CH du Val", { by: "setting", because: "" }),
      field("Cause", null, { by: "nobody" }),
    ];
    const text =
      "INCIDENT\n- Description :\n    a\n    - Périmètre : tout\n- Périmètre : le PACS\n- Raison sociale : CH du Val\n- Cause : inconnu à ce stade";
    const given = paper(text);
    given.content = { ...given.content, sections: [{ id: "s", title: "Incident", fields }] };
    const tree = read("pdfinfo", await declarationPdf(given), "-struct-text");
    const said = [...tree.matchAll(/"(.*)"/g)].map(([, words]) => words);
    const from = said.indexOf("INCIDENT");
    expect(said.slice(from, from + 11)).toEqual([
      "INCIDENT",
      "- Description :",
      "Origine : machine, 2 alertes",
      "a",
      "- Périmètre : tout",
      "- Périmètre : le PACS",
      "Origine : A. Morel, 15/11/2026 02:31",
      "- Raison sociale : CH du Val",
      "Origine : réglage",
      "- Cause : inconnu à ce stade",
      "Origine : inconnue",
    ]);
    const tags = [...tree.matchAll(/^ *(Document|H\d|P|Span)\b/gm)].map(([, tag]) => tag);
    expect(tags[0]).toBe("Document");
    const levels = tags.filter((tag) => tag?.startsWith("H"));
    expect(levels.slice(0, 3)).toEqual(["H1", "H2", "H3"]);
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
