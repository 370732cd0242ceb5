import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { contentOfScene, DESCRIPTION, draftOf, NIGHT } from "../../../test/support/web-declaration.ts";
import type { Decision } from "../../core/decision.ts";
import type { Delivery } from "../../core/delivery.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { exportDeclaration } from "./declaration-export.ts";
import { declarationMarkdown } from "./declaration-markdown.ts";

const published = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../docs/schemas/tocsin-declaration-1.schema.json`, "utf8"),
);
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
const validate = ajv.compile(published);

const content = contentOfScene(2, DESCRIPTION);
const declaration = draftOf(content, "approved");
const decision: Decision = {
  id: "decision-1",
  incident: "inc-1",
  declaration: "dec-1",
  version: 2,
  sha256: declaration.sha256,
  decision: "approved",
  delegate: { account: "acc-claire", name: "Dr Claire" },
  how: { channel: "web", second_factor: "totp" },
  reason: null,
  at: NIGHT,
};
const delivery: Delivery = {
  id: "delivery-1",
  incident: "inc-1",
  declaration: "dec-1",
  version: 2,
  sha256: declaration.sha256,
  kind: "declaration",
  channel: "portail",
  reach: "assisted",
  state: "delivered",
  attempts: [],
  reference: "SIG-2026-1",
  planned: NIGHT,
  settled: NIGHT,
  exercise: true,
};

describe("a declaration as JSON", () => {
  const exported = JSON.parse(
    JSON.stringify(exportDeclaration(declaration, { decisions: [decision], deliveries: [delivery] })),
  );

  it("is what the published schema says", () => {
    expect(validate(exported), ajv.errorsText(validate.errors)).toBe(true);
    const alone = exportDeclaration(draftOf(content), { decisions: [], deliveries: [] });
    expect(validate(JSON.parse(JSON.stringify(alone))), ajv.errorsText(validate.errors)).toBe(true);
  });

  it("carries the exact bytes that the fingerprint is of, and who decided on them", () => {
    expect(sha256Hex(exported.canonical)).toBe(exported.declaration.sha256);
    expect(JSON.parse(exported.canonical)).toEqual(exported.content);
    expect(exported.decision).toMatchObject({ by: "Dr Claire", at: "2026-11-15T01:31:00.000Z" });
    expect(exported.deliveries).toEqual([expect.objectContaining({ reference: "SIG-2026-1" })]);
  });

  it("tells of a version neither the decision nor the deliveries of another", () => {
    const other = exportDeclaration(draftOf(contentOfScene(3, "Autre.")), {
      decisions: [decision],
      deliveries: [delivery],
    });
    expect([other.decision, other.deliveries]).toEqual([null, []]);
  });

  it.each<[string, (value: typeof exported) => void]>([
    ["another format", (value) => (value.format = "tocsin-declaration/2")],
    ["a field more", (value) => (value.more = 1)],
    ["a fingerprint in capitals", (value) => (value.declaration.sha256 = "A".repeat(64))],
    ["a time that is none", (value) => (value.declaration.updated = "yesterday")],
    ["a state that is none", (value) => (value.declaration.state = "sent")],
    ["no content", (value) => delete value.content],
  ])("is not what the schema says with %s", (_, change) => {
    const value = structuredClone(exported);
    change(value);
    expect(validate(value)).toBe(false);
  });
});

describe("a declaration as Markdown", () => {
  const markdown = (value: string) =>
    declarationMarkdown(draftOf(contentOfScene(2, value)), { deliveries: [] }, "Europe/Paris");
  const line = (value: string) =>
    markdown(value)
      .split("\n- ")
      .find((each) => each.startsWith("**Description"));

  it("says what it is, in which state, and where each value comes from", () => {
    const text = markdown("Deux serveurs.");
    expect(text).toMatch(/^# Déclaration initiale 2026-0007, version 2\n\n\*\*EXERCICE : PROJET\*\*\n/);
    expect(text).toContain("\n- **Description de l'incident :** Deux serveurs. *(Origine : machine)*\n");
    expect(text).toContain("*(Origine : A. Morel, 15/11/2026 02:22)*");
    expect(text).toContain(
      "- **Prestataire, hébergeur ou éditeur en cause :** inconnu à ce stade *(Origine : inconnue)*",
    );
    expect(text).toContain("- **C1 Sécurité des soins :** rempli (potentiel), D.1111-16-2, II");
  });

  it.each([
    ["a link", "[clic](https://evil.example)", "\\[clic\\](https&#58;//evil.example)"],
    ["an image", "![x](https://evil.example/p.png)", "\\!\\[x\\](https&#58;//evil.example/p.png)"],
    ["a reference", "[x]: https://evil.example", "\\[x\\]: https&#58;//evil.example"],
    ["an address between angles", "<https://evil.example>", "\\<https&#58;//evil.example\\>"],
    ["a bare address", "voir HTTPS://evil.example", "voir HTTPS&#58;//evil.example"],
    ["a bare host", "voir www.evil.example", "voir www&#46;evil.example"],
    ["a mail address", "a@evil.example", "a&#64;evil.example"],
    ["HTML", "<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>"],
    ["a character reference", "&lt;b&gt;", "\\&lt;b\\&gt;"],
    ["emphasis and code", "*a* _b_ `c` ~~d~~", "\\*a\\* \\_b\\_ \\`c\\` \\~\\~d\\~\\~"],
    ["an escape undone", "\\[x](y)", "\\\\\\[x\\](y)"],
    ["a table", "a | b", "a \\| b"],
    ["what reorders", "a\u202eb", "a\\[U+202E\\]b"],
  ])("makes no %s of a value", (_, value, written) => {
    expect(line(value)).toContain(`** ${written} *(Origine`.replace("** ", ":** "));
  });

  it.each([
    ["a heading", "a\n# b", "\\# b"],
    ["a list", "a\n- b", "\\- b"],
    ["a numbered list", "a\n12. b", "12\\. b"],
    ["a rule", "a\n---", "\\---"],
    ["an underline of a heading", "a\n===", "\\==="],
    ["a quotation", "a\n> b", "\\> b"],
    ["a fence", "a\n```", "\\`\\`\\`"],
  ])("makes no %s of a further line", (_, value, written) => {
    expect(line(value)).toContain(`:** a\\\n  ${written} *(Origine`);
  });
});
