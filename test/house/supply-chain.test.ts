import { existsSync, globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { beforeAll, describe, expect, it } from "vitest";
import { type Lockfile, licenceOf, nameOf, sbomOf, shipped, UNDECLARED } from "../../deploy/sbom.ts";
import { ROOT, read } from "../support/documents.ts";

const MODULES = join(ROOT, "node_modules");
const lock = JSON.parse(read("package-lock.json")) as Lockfile & { lockfileVersion: number };
const manifest = JSON.parse(read("package.json"));
const PATHS = Object.keys(lock.packages).filter((path) => path !== "");
const SHIPPED = shipped(lock, MODULES);
const declaredBy = (path: string) => JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));

/** Licences that ask for notice at most. What asks to share alike (GPL, LGPL, AGPL, MPL, EPL, CC-BY-SA) is none of them. */
const ACCEPTED = [
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "MIT-0",
  "PSF-2.0",
  "Unlicense",
];
/** Others, each for the one package that has it. */
const ACCEPTED_FOR: Readonly<Record<string, string>> = {
  // A font in a PDF is expressly no derived work of it (OFL 1.1, preamble).
  "@fontsource/dejavu-sans": "OFL-1.1",
};
/** Packages that may run a script when they are installed, with the reason. */
const MAY_RUN_SCRIPTS: Readonly<Record<string, string>> = {};

describe("what the lockfile brings", () => {
  it("is known by its SHA-512, each package of it, and comes under its own name from the registry", () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(PATHS.length).toBeGreaterThan(200);
    const unknown = PATHS.filter((path) => {
      const { integrity = "", ...more } = lock.packages[path] ?? {};
      const { link, inBundle, resolved, name } = more as Record<string, unknown>;
      const elsewhere = resolved !== undefined && !String(resolved).startsWith("https://registry.npmjs.org/");
      return (
        !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) || link || inBundle || elsewhere || name !== undefined
      );
    });
    expect(unknown).toEqual([]);
  });

  it("is asked for by exact versions", () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const asked = Object.entries<string>({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(
      asked.filter(([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version),
    ).toEqual([]);
    expect(manifest.overrides ?? {}).toEqual({});
  });

  it("runs no script when it is installed, unless it is listed here", () => {
    expect(read(".npmrc").split("\n")).toContain("ignore-scripts=true");
    expect(read("Dockerfile")).toContain("npm ci --omit=dev --ignore-scripts");
    const present = PATHS.filter((path) => existsSync(join(ROOT, path, "package.json")));
    expect(present.length).toBeGreaterThan(200);
    const running = present.filter((path) => {
      const { scripts = {} } = declaredBy(path);
      const builds = existsSync(join(ROOT, path, "binding.gyp"));
      return builds || ["preinstall", "install", "postinstall"].some((when) => when in scripts);
    });
    const marked = PATHS.filter(
      (path) => (lock.packages[path] as { hasInstallScript?: true }).hasInstallScript,
    );
    expect(
      [...new Set([...running, ...marked])].filter((path) => !(nameOf(path) in MAY_RUN_SCRIPTS)),
    ).toEqual([]);
  });
});

describe("what ships", () => {
  it("asks for notice at most: no package of it is under a licence that asks to share alike", () => {
    expect(SHIPPED.length).toBeGreaterThan(100);
    const refused = SHIPPED.map(
      (path) => [nameOf(path), licenceOf(nameOf(path), declaredBy(path))] as const,
    ).filter(
      ([name, licence = ""]) =>
        !licence.split(" OR ").some((each) => ACCEPTED.includes(each)) && ACCEPTED_FOR[name] !== licence,
    );
    expect(refused).toEqual([]);
  });

  it.each([
    ["GPL-3.0-only", false],
    ["(MIT AND GPL-2.0)", false],
    ["LGPL-2.1 OR MIT", true],
    ["SEE LICENSE IN LICENSE", false],
  ])("would be told: %s", (licence, accepted) => {
    const found = licenceOf("some", { license: licence }) ?? "";
    expect(found.split(" OR ").some((each) => ACCEPTED.includes(each))).toBe(accepted);
  });

  it("is none of the exceptions that are no longer needed", () => {
    const names = SHIPPED.map(nameOf);
    expect(Object.keys({ ...ACCEPTED_FOR, ...UNDECLARED }).filter((name) => !names.includes(name))).toEqual(
      [],
    );
    for (const [name, licence] of Object.entries(UNDECLARED)) {
      const path = SHIPPED.find((each) => nameOf(each) === name) ?? "";
      expect(licenceOf("some", declaredBy(path))).toBeUndefined();
      const text = globSync("LICENSE*", { cwd: join(ROOT, path) }).map((file) => read(join(path, file)));
      expect(text.join()).toContain(
        licence === "MIT" ? "Permission is hereby granted, free of charge" : licence,
      );
    }
  });
});

describe("the bill of materials", () => {
  let bill: ReturnType<typeof sbomOf>;
  beforeAll(() => {
    bill = sbomOf(manifest, lock, MODULES);
  });

  it("names every package that ships and no other, with its digest", () => {
    const named = bill.components.map(({ purl }) => decodeURIComponent(purl));
    const wanted = SHIPPED.map((path) => `pkg:npm/${nameOf(path)}@${lock.packages[path]?.version}`);
    expect(named.toSorted()).toEqual([...new Set(wanted)].toSorted());
    expect(named).toContain(`pkg:npm/zod@${manifest.dependencies.zod}`);
    expect(named.join()).not.toContain("/vitest@");
    const zod = bill.components.find(({ name }) => name === "zod");
    const hex = Buffer.from(lock.packages["node_modules/zod"]?.integrity?.slice(7) ?? "", "base64").toString(
      "hex",
    );
    expect(zod?.hashes).toEqual([{ alg: "SHA-512", content: hex }]);
  });

  it("reaches each of them from the program, by what needs what", () => {
    const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    const reached = new Set<string>();
    const walk = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      needs.get(ref)?.forEach(walk);
    };
    walk(bill.metadata.component["bom-ref"]);
    expect(bill.components.map((each) => each["bom-ref"]).filter((ref) => !reached.has(ref))).toEqual([]);
  });

  it("is the same each time, and another for another lockfile", () => {
    expect(sbomOf(manifest, lock, MODULES)).toEqual(bill);
    const other = sbomOf({ ...manifest, version: "9.9.9" }, lock, MODULES);
    expect(other.serialNumber).not.toBe(bill.serialNumber);
  });

  it("is CycloneDX 1.6, by the schema of its makers", () => {
    const home = dirname(createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json"));
    const schema = (name: string) =>
      JSON.parse(readFileSync(join(home, "res/schema", `${name}.SNAPSHOT.schema.json`), "utf8"));
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    for (const format of ["iri-reference", "idn-email"]) ajv.addFormat(format, true);
    for (const name of ["spdx", "jsf-0.82", "cryptography-defs"])
      ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
    const valid = ajv.compile(schema("bom-1.6"));
    expect([valid(JSON.parse(JSON.stringify(bill))), valid.errors]).toEqual([true, null]);
    expect(valid({ ...bill, components: [{ type: "library" }] })).toBe(false);
  });
});
