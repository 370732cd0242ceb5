import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { FOLDERS, sourcePages } from "./source-pages.ts";

const [, , docs] = process.argv;
if (docs === undefined)
  throw new Error("give the folder to write into: node test/support/source-pages/write.ts docs");
const pages = sourcePages();
for (const [name, content] of pages) {
  const file = join(docs, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
for (const folder of Object.values(FOLDERS))
  for (const name of readdirSync(join(docs, folder)))
    if (!pages.has(`${folder}/${name}`)) rmSync(join(docs, folder, name));
process.stdout.write(`${pages.size} pages\n`);
