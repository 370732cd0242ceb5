import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { isPackName, type PackSource } from "./load-regime.ts";
import { SIGNATURE_FILE } from "./sign-pack.ts";

/** Files that a pack is made of, all of them signed. */
const PACK_FILES = ["regime.yml", "form.yml", "SOURCES.md"] as const;
/** Largest file of a pack, bytes. */
const LARGEST = 1024 * 1024;

/** The files of one pack, as they stand in a folder of its name. */
export interface PackFolder {
  id: string;
  folder: string;
  files: ReadonlyMap<string, string>;
  signature: string | undefined;
}

/** Reads a folder that holds one pack; never throws. */
export function readPackFolder(
  folder: string,
): { pack: PackFolder; problems?: undefined } | { problems: Problem[]; pack?: undefined } {
  const id = basename(resolve(folder));
  const refuse = (where: string, message: string, remedy: string) => ({
    problems: [{ code: "pack_unreadable", where, message, remedy }],
  });
  if (!isPackName(id))
    return refuse(folder, `a folder named ${id} holds no pack`, "name the folder as the id of the pack");
  const files = new Map<string, string>();
  let signature: string | undefined;
  try {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const known = name === SIGNATURE_FILE || (PACK_FILES as readonly string[]).includes(name);
      // What is not signed must not lie among what is.
      if (!known)
        return refuse(
          path,
          "this is no file of a pack",
          `keep only ${PACK_FILES.join(", ")}, ${SIGNATURE_FILE}`,
        );
      const { size } = statSync(path);
      if (size > LARGEST)
        return refuse(path, `${size} bytes are too many`, `a file of a pack has at most ${LARGEST}`);
      const text = readFileSync(path, "utf8");
      if (name === SIGNATURE_FILE) signature = text;
      else files.set(name, text);
    }
  } catch (error) {
    return refuse(folder, messageOf(error), "give the folder of one pack, readable by this account");
  }
  if (!files.has("regime.yml"))
    return refuse(folder, "there is no regime.yml", "give the folder of one pack");
  return { pack: { id, folder, files, signature } };
}

/** A source in which these packs stand in place of those of the same name. */
export function inPlaceOf(below: PackSource, packs: readonly PackFolder[]): PackSource {
  const above = new Map(packs.map((pack) => [pack.id, pack]));
  return {
    names: () => [...new Set([...below.names(), ...above.keys()])].sort(),
    read: (id, file) => {
      const pack = above.get(id);
      // Whole, or not at all: a form of one version never goes with the criteria of another.
      return pack === undefined ? below.read(id, file) : pack.files.get(file);
    },
    placeOf: (id, file) => {
      const pack = above.get(id);
      return pack === undefined ? below.placeOf(id, file) : join(pack.folder, file);
    },
  };
}
