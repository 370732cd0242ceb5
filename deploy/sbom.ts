import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One package of a lockfile, with what is read of it here. */
interface Locked {
  version?: string;
  integrity?: string;
  dev?: boolean;
  devOptional?: boolean;
  optional?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}
export interface Lockfile {
  packages: Record<string, Locked>;
}

/** Licences of packages that name none in their package.json, as their LICENSE file has it. */
export const UNDECLARED: Readonly<Record<string, string>> = { "png-js": "MIT" };

/** Where packages of the lockfile are that ship: neither needed by development alone, nor for another machine. */
export function shipped({ packages }: Lockfile, modules: string): string[] {
  const paths = Object.keys(packages).filter((path) => path !== "" && !isOfDevelopment(packages[path]));
  const missing = paths.filter((path) => !existsSync(join(modules, "..", path, "package.json")));
  const lost = missing.filter((path) => packages[path]?.optional !== true);
  if (lost.length > 0) throw new Error(`not installed: ${lost.join(", ")}`);
  return paths.filter((path) => !missing.includes(path));
}

function isOfDevelopment(locked: Locked | undefined): boolean {
  return locked?.dev === true || locked?.devOptional === true;
}

/** The name of the package at a path of the lockfile. */
export const nameOf = (path: string) =>
  path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

/** The SPDX expression that a package.json declares, in the old forms too; undefined when it declares none. */
export function licenceOf(name: string, declared: unknown): string | undefined {
  const { license, licenses } = declared as { license?: unknown; licenses?: unknown };
  const given = license ?? licenses;
  const types = [given].flat().map((each) => {
    return typeof each === "string" ? each : (each as { type?: unknown } | undefined)?.type;
  });
  if (types.every((type) => typeof type === "string")) return types.join(" OR ");
  return UNDECLARED[name];
}

/**
 * The bill of materials of what ships, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
 *
 * Throws when a package has no integrity, another version than its lock, or no licence. The same lockfile and packages
 * give the same bytes: it carries no time, and its serial number is of its content.
 */
export function sbomOf(
  program: { name: string; version: string; license: string },
  lock: Lockfile,
  modules: string,
) {
  const paths = shipped(lock, modules);
  const refs = new Map(paths.map((path) => [path, purlOf(nameOf(path), lock.packages[path]?.version ?? "")]));
  const ours = purlOf(program.name, program.version);
  const components = paths.map((path) => componentOf(path, lock, modules));
  const unique = new Map(components.map((component) => [component["bom-ref"], component]));
  const needs = new Map<string, Set<string>>([[ours, new Set()]]);
  for (const path of ["", ...paths]) {
    const { dependencies, optionalDependencies, peerDependencies } = lock.packages[path] ?? {};
    const ref = refs.get(path) ?? ours;
    const found = needs.get(ref) ?? new Set();
    for (const name of Object.keys({ ...peerDependencies, ...optionalDependencies, ...dependencies })) {
      const at = refs.get(placeOf(name, path, lock) ?? "");
      if (at !== undefined) found.add(at);
    }
    needs.set(ref, found);
  }
  const content = {
    metadata: {
      component: {
        type: "application",
        "bom-ref": ours,
        name: program.name,
        version: program.version,
        licenses: [{ license: { id: program.license } }],
        purl: ours,
      },
    },
    components: [...unique.values()].sort((one, other) => order(one["bom-ref"], other["bom-ref"])),
    dependencies: [...needs]
      .sort(([one], [other]) => order(one, other))
      .map(([ref, on]) => ({ ref, dependsOn: [...on].sort(order) })),
  };
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
}

function componentOf(path: string, { packages }: Lockfile, modules: string) {
  const name = nameOf(path);
  const { version = "", integrity = "" } = packages[path] ?? {};
  const digest = /^sha512-([A-Za-z0-9+/]{86}==)$/.exec(integrity)?.[1];
  if (digest === undefined) throw new Error(`${path} has no SHA-512 in the lockfile`);
  const declared = JSON.parse(readFileSync(join(modules, "..", path, "package.json"), "utf8"));
  if (declared.version !== version) throw new Error(`${path} is ${declared.version}, its lock is ${version}`);
  const licence = licenceOf(name, declared);
  if (licence === undefined) throw new Error(`${path} declares no licence`);
  const purl = purlOf(name, version);
  const [group, bare] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return {
    type: "library",
    "bom-ref": purl,
    ...(group !== undefined && { group }),
    name: bare ?? name,
    version,
    scope: "required",
    hashes: [{ alg: "SHA-512", content: Buffer.from(digest, "base64").toString("hex") }],
    licenses: / (OR|AND|WITH) /.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }],
    purl,
  };
}

/** Where Node finds a package that another needs: beside it, or further out. */
function placeOf(name: string, from: string, { packages }: Lockfile): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
    const place = `${at === "" ? "" : `${at}/`}node_modules/${name}`;
    if (packages[place] !== undefined) return place;
    if (at === "") return undefined;
  }
}

/** https://github.com/package-url/purl-spec: the scope's at sign is encoded. */
const purlOf = (name: string, version: string) => `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
const order = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** A UUID of version 8 (RFC 9562 §5.8) made of what it names. */
function uuidOf(text: string): string {
  const digits = createHash("sha256").update(text).digest("hex");
  const parts = [8, 4, 3, 3, 12].map((length, i, all) => {
    const from = all.slice(0, i).reduce((sum, each) => sum + each, 0);
    return digits.slice(from, from + length);
  });
  return `${parts[0]}-${parts[1]}-8${parts[2]}-8${parts[3]}-${parts[4]}`;
}

if (import.meta.main) {
  const [modules = "node_modules"] = process.argv.slice(2);
  const json = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, "..", file), "utf8"));
  process.stdout.write(
    `${JSON.stringify(sbomOf(json("package.json"), json("package-lock.json"), modules), null, 2)}\n`,
  );
}
