import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { NOTE_KINDS } from "../../agent/core/journal.ts";
import { Config } from "../../config/schema.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { LINKED, ROOT, read } from "../support/documents.ts";

describe("what the documents name", () => {
  it.each(LINKED)("%s: every relative link leads somewhere", (file) => {
    const text = read(file).replace(/```[\s\S]*?```/g, "");
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? "");
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? file : join(dirname(file), path);
        if (!existsSync(join(ROOT, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it("docs/fr/configuration.md names every key of the configuration", () => {
    const keys = keysOf(z.toJSONSchema(Config, { io: "input", unrepresentable: "any" }), "");
    expect(keys).toEqual(expect.arrayContaining(["mode", "sources[].listen[].tls.key", "tools[].secret"]));
    const text = read("docs/fr/configuration.md");
    expect(keys.filter((key) => !text.includes(`| \`${key}\` |`))).toEqual([]);
  });

  it("docs/fr/regles.md names every rule, and no other", () => {
    const { rules: loaded, correlations } = loadRules([join(ROOT, "rules/detection")]);
    const rules = [
      ...loaded.filter(({ rule }) => rule.role !== "part"),
      ...correlations.filter(({ alone }) => alone),
    ];
    const named = [...read("docs/fr/regles.md").matchAll(/^\| `([a-z-]+)` \| ([^|]+) \|/gm)];
    expect(named.map(([, name, title]) => `${name}: ${title?.replaceAll("’", "'")}`).sort()).toEqual(
      rules.map(({ rule }) => `${rule.name}: ${rule.meaning?.title_fr}`).sort(),
    );
  });

  it("docs/fr/journal.md says what every kind of note is, and of no other", () => {
    const named = [...read("docs/fr/journal.md").matchAll(/^\| `note\.([a-z_]+)` \| [^|]{10,} \|$/gm)];
    expect(named.map(([, kind]) => kind).sort()).toEqual([...NOTE_KINDS].sort());
  });

  it("docs/fr/exploitation.md names every metric of ours", () => {
    const files = ["agent/intake/metrics.ts", ...globSync("agent/telemetry/*.ts", { cwd: ROOT })];
    const sources = files.map(read).join("\n");
    const names = [...sources.matchAll(/name: "(tocsin_\w+)"/g)].map(([, name]) => name ?? "");
    expect(names.length).toBeGreaterThan(10);
    const text = read("docs/fr/exploitation.md");
    expect(names.filter((name) => !text.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it("DECISIONS.md says why for every dependency", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read("package.json"));
    const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const lines = read("DECISIONS.md")
      .split("\n")
      .filter((line) => line.startsWith("|"));
    expect(names.length).toBeGreaterThan(20);
    expect(
      names.filter((name) => !lines.some((line) => line.split("|")[1]?.includes(`\`${name}\``))),
    ).toEqual([]);
  });
});

/** The anchors of a document's headings, as forges make them. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
}

interface Shape {
  properties?: Record<string, Shape>;
  items?: Shape;
  anyOf?: Shape[];
  oneOf?: Shape[];
}

/** Dotted paths of every key of a schema, each once; `[]` stands for each member of a list. */
function keysOf(schema: unknown, at: string): string[] {
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as Shape;
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    const path = at === "" ? name : `${at}.${name}`;
    return [path, ...keysOf(inner, path)];
  });
  const members = items === undefined ? [] : keysOf(items, `${at}[]`);
  const forms = [...anyOf, ...oneOf].flatMap((form) => keysOf(form, isSecret(anyOf) ? "" : at));
  return [...new Set([...own, ...members, ...forms])];
}

/** A secret is kept in the same three ways everywhere, which the document tells once. */
function isSecret(forms: readonly Shape[]): boolean {
  return forms.flatMap(({ properties = {} }) => Object.keys(properties)).join() === "file,env,credential";
}
