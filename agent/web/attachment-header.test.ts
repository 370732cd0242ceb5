import { describe, expect, it } from "vitest";
import { handedOverAs, savedAs } from "./attachment-header.ts";

describe("headers of what is handed over", () => {
  it.each([
    ["image/png", "image/png"],
    ["Application/PDF; name=x", "application/pdf"],
    ["text/html", "application/octet-stream"],
    ["image/svg+xml", "application/octet-stream"],
    ["", "application/octet-stream"],
    ["text/plain\r\nX: y", "application/octet-stream"],
  ])("declares %j as %s", (declared, type) => expect(handedOverAs(declared)).toBe(type));

  it.each([
    ["a.pdf", `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`],
    [
      "été (1)'s.pdf",
      `attachment; filename="ete (1)'s.pdf"; filename*=UTF-8''%C3%A9t%C3%A9%20%281%29%27s.pdf`,
    ],
    ["中文.txt", `attachment; filename="__.txt"; filename*=UTF-8''%E4%B8%AD%E6%96%87.txt`],
    ["100%.txt; x=y", `attachment; filename="100_.txt_ x=y"; filename*=UTF-8''100%25.txt%3B%20x%3Dy`],
  ])("saves %j under its name", (name, header) => {
    expect(savedAs(name)).toBe(header);
    expect(header).toMatch(/^[\x20-\x7e]+$/);
  });
});
