import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AT, aMessage, HOSTILE } from "../../../test/support/messages.ts";
import type { Message } from "../../contract.ts";
import { modemSpool } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-spool-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const send = (message: Message = aMessage(), phone = "06 12 34 56 78", more: object = {}) =>
  modemSpool.open(modemSpool.config.parse({ folder, ...more })).send(message, {
    now: AT,
    signal: AbortSignal.timeout(5000),
    to: { name: "Paul Durand", email: "", phone },
  });

it("puts one whole file in the spool, number first, then the text with the link", async () => {
  expect((await send()).outcome).toBe("delivered");
  const [name = "", ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(name).toMatch(/^tocsin-[0-9a-f]{32}$/);
  const [head = "", text = ""] = readFileSync(join(folder, name), "utf8").split("\n\n");
  expect(head).toBe("To: 33612345678\nAlphabet: UTF-8");
  expect(text).toContain("EXERCICE : incident 2026-0001 ouvert");
  expect(text).toContain(aMessage().link);
});

it("leaves one file for a repeat, and another for another message or number", async () => {
  await send();
  expect((await send()).outcome).toBe("delivered");
  expect(readdirSync(folder)).toHaveLength(1);
  await send(aMessage({ key: "another" }));
  await send(aMessage(), "07 00 00 00 00");
  expect(readdirSync(folder)).toHaveLength(3);
});

it.each(HOSTILE)("adds no header line whatever is planted: %j", async (planted) => {
  await send(aMessage({ subject: planted, text: planted }));
  const [name = ""] = readdirSync(folder);
  const lines = readFileSync(join(folder, name), "utf8").split("\n");
  expect(lines.slice(0, 3)).toEqual(["To: 33612345678", "Alphabet: UTF-8", ""]);
  expect(lines).toHaveLength(4);
});

it("is unreachable while the spool is not there, so that it is tried again", async () => {
  expect(await send(aMessage(), "0612345678", { folder: join(folder, "none") })).toMatchObject({
    outcome: "unreachable",
    because: expect.stringContaining("ENOENT"),
  });
});

it("is refused for a person without a number", async () => {
  expect((await send(aMessage(), "")).outcome).toBe("refused");
  expect(readdirSync(folder)).toEqual([]);
});
