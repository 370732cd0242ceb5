import { describe, expect, it } from "vitest";
import { safeFileName } from "./safe-file-name.ts";

describe("safeFileName", () => {
  it.each([
    ["photo écran.jpg", "photo écran.jpg"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\x\\facture.pdf", "facture.pdf"],
    ['a"; filename="b.exe', "a_; filename=_b.exe"],
    ["facture\u202efdp.exe", "facture_fdp.exe"],
    ["a\r\nSet-Cookie: x.txt", "a__Set-Cookie_ x.txt"],
    ["a\0b\u200b.txt", "a_b_.txt"],
    ["...", "piece"],
    ["", "piece"],
    ["dossier/", "piece"],
    [".htaccess", "htaccess"],
    ["con.txt", "_con.txt"],
    ["fin. . ", "fin"],
    ["\ud800.txt", "\ufffd.txt"],
    [`${"é".repeat(300)}.pdf`, `${"é".repeat(116)}.pdf`],
    [`a.${"x".repeat(300)}`, `a.${"x".repeat(118)}`],
  ])("makes of %j a name that is safe", (given, safe) => {
    expect(safeFileName(given)).toBe(safe);
    expect(safeFileName(safe)).toBe(safe);
  });
});
