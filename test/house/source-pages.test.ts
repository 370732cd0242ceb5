import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parseCommand } from "../../agent/cli/parse.ts";
import type { Alert } from "../../agent/core/alert.ts";
import { parseConfig } from "../../config/load.ts";
import { ecsReader } from "../../connectors/mapping/field-reader.ts";
import { Guide } from "../../connectors/mapping/schema.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import { fencesOf, ROOT, read } from "../support/documents.ts";
import { CONTEXT } from "../support/fixtures.ts";
import { isVerified } from "../support/source-pages/facets.ts";
import { told } from "../support/source-pages/product-page.ts";
import { connectorFor, type Language, products, unverified } from "../support/source-pages/products.ts";
import { shownSample } from "../support/source-pages/shell-command.ts";
import { FOLDERS, sourcePages } from "../support/source-pages/source-pages.ts";

const pages = sourcePages();
const all = products();
const LANGUAGES = Object.keys(FOLDERS) as Language[];
const fenceOf = (file: string, language: string) =>
  fencesOf(file)
    .filter((fence) => fence.language === language)
    .map(({ lines }) => lines.join("\n"));

describe("the pages of sources", () => {
  it.each([...pages.keys()])(
    "docs/%s is as the mappings have it: node test/support/source-pages/write.ts docs",
    (name) => expect(read(`docs/${name}`)).toBe(pages.get(name)),
  );

  it.each(LANGUAGES)("are all there is in their folder: %s", (language) => {
    const folder = FOLDERS[language];
    const written = readdirSync(join(ROOT, "docs", folder)).map((name) => `${folder}/${name}`);
    expect(written.filter((name) => !pages.has(name))).toEqual([]);
  });

  it("are of one product each, whether it is mapped or read by code", () => {
    const names = all.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it("claim nothing that they list as unverified", () => {
    const claimed = all.filter(isVerified).map(({ title }) => title.en);
    const names = unverified().flatMap(({ name }) => name.replace(/ \(.*/, "").split(", "));
    expect(names.filter((name) => claimed.some((title) => title.includes(name)))).toEqual([]);
  });
});

const COMMAND = /^printf '%s\\n' (.*) \| npm run -s tocsin -- parse(.*)$/s;
const HEAD = "facility: { id: ch-exemple, name: CH Exemple, kind: autre }\nmode: observe\n";
const commands = all.map(({ name }) => ({
  name,
  commands: LANGUAGES.flatMap((language) => fenceOf(`docs/${FOLDERS[language]}/${name}.md`, "sh")),
}));
/** What a shell makes of the quoted records: all of them in one. */
const records = spawnSync("sh", {
  input: commands
    .map(({ commands: [command] }) => `printf '%s\\0' ${COMMAND.exec(command ?? "")?.[1]}`)
    .join("\n"),
  encoding: "utf8",
}).stdout.split("\0");

describe.each(all.map((product, i) => ({ product, name: product.name, i })))(
  "$name",
  ({ product, name, i }) => {
    it("has a command for its record, the same in each language, that a shell reads as it is meant", () => {
      expect(new Set(commands[i]?.commands).size).toBe(1);
      expect(records[i]).toBe(shownSample(product).record);
    });

    it("reads what its page says of that record", async () => {
      const [, , options = ""] = COMMAND.exec(commands[i]?.commands[0] ?? "") ?? [];
      const alert = await parsed(options.split(" ").filter(Boolean), `${records[i]}\n`);
      const [shown = ""] = fenceOf(`docs/${FOLDERS.en}/${name}.md`, "text");
      const lines = shown.split("\n");
      expect(lines.length).toBeGreaterThan(2);
      const again = lines.map((line) => line.slice(0, line.indexOf(": ")));
      expect(again.map((field) => `${field}: ${told(ecsReader(field)(alert))}`)).toEqual(lines);
    });

    it.each(LANGUAGES)("gives a source that loads: %s", (language) => {
      const [block = ""] = fenceOf(`docs/${FOLDERS[language]}/${name}.md`, "yaml");
      const { loaded, problems } = parseConfig(`${HEAD}${block}\n`, join(ROOT, "config/tocsin.yml"), null);
      expect(problems).toBeUndefined();
      expect(loaded?.config.sources).toHaveLength(1);
    });

    it("says the same menus and commands in each language, and where to send by the same words", () => {
      const { fr, en } = product.guide;
      const marks = (steps: readonly string[]) => steps.map((step) => step.match(/`[^`]+`/g));
      expect(marks(fr)).toEqual(marks(en));
      const text = en.join(" ");
      if (en.length > 0) expect(text).toContain("TOCSIN");
      expect(text).not.toMatch(/\b\d{1,3}(?:\.\d{1,3}){3}\b/);
    });
  },
);

it.each(all.filter(({ guide }) => guide.by === "http" || guide.by === "poll"))(
  "$name reads its record when it is posted, alone or in the list that the product posts",
  (product) => {
    const { as, record } = shownSample(product);
    const dataset = inboundNamed(as)?.parse(record, CONTEXT).alert?.event?.dataset;
    const decode = inboundNamed(connectorFor(product))?.decode;
    const value: unknown = JSON.parse(record);
    const answers = [value, { alerts: [value] }].map((body) => decode?.({}, body, CONTEXT));
    const read = answers.flatMap((answer) => (answer?.outcome === "decoded" ? answer.records : []));
    expect(read.map(({ alert }) => alert?.event?.dataset)).toContain(dataset);
  },
);

it.each(all.filter(({ mapping }) => mapping !== undefined))(
  "$name says what its page needs: guide",
  ({ mapping }) => expect(mapping).toHaveProperty("guide"),
);

describe("a guide", () => {
  const whole = {
    by: "syslog",
    family: "network",
    title_fr: "Pare-feu",
    url: "https://exemple.fr/",
    read: "2026-11-23",
  };
  it.each([
    ["steps that cite where they were read", { ...whole, fr: ["a"], en: ["a"] }, undefined],
    ["no steps", { ...whole, url: undefined, read: undefined }, undefined],
    ["steps in one language", { ...whole, fr: ["a"] }, "write each step in both languages"],
    [
      "steps without their source",
      { ...whole, fr: ["a"], en: ["a"], url: undefined },
      "cite where the steps",
    ],
    ["steps without the day", { ...whole, fr: ["a"], en: ["a"], read: undefined }, "cite where the steps"],
  ])("with %s is taken, or refused with what to do", (_, given, because) => {
    const message = Guide.safeParse(given).error?.issues[0]?.message;
    expect(message?.slice(0, because?.length)).toBe(because);
  });
});

/** The alert that `parse` prints of one record. */
async function parsed(options: readonly string[], input: string): Promise<Alert> {
  let out = "";
  const stdout = new Writable({
    write(chunk, _, done) {
      out += chunk;
      done();
    },
  });
  const program = new Command("tocsin").exitOverride();
  parseCommand(program, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr: stdout });
  await program.parseAsync(["node", "tocsin", "parse", ...options]);
  return JSON.parse(out).alert;
}
