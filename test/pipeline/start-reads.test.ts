import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type Daemon, type House, makeHouse, startDaemon } from "../support/daemon.ts";

/** Writes down which packages a process and its threads ask for. */
const HOOK = `
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const [, name] = /\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*\\/node_modules\\/)/.exec(found.url) ?? [];
    const parsers = isMainThread && found.url.endsWith("/connectors/registry.ts") ? "parsers" : undefined;
    for (const each of [name, parsers])
      if (each !== undefined) appendFileSync(process.env.ASKED, each + "\\n");
    return found;
  },
});
`;
/** What serves few installations, or few of their days: read when it is first needed. */
const LATER =
  /^(?:@nats-io\/|pg$|pdfkit$|openid-client$|@simplewebauthn\/|multer$|yaml$|nodemailer$|axios$|pkijs$|asn1js$|@opentelemetry\/(?!api$)|@clack\/|cli-)/;

let house: House | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

it("a start reads no package that only some need, and its main thread none of the parsers", async () => {
  // Canaries are written with the parsers, once it is ready.
  house = await makeHouse({ more: "canary: off\n" });
  const hook = join(house.directory, "hook.mjs");
  const asked = join(house.directory, "asked");
  writeFileSync(hook, HOOK);
  daemon = await startDaemon(house, { NODE_OPTIONS: `--import ${hook}`, ASKED: asked });
  const packages = new Set(readFileSync(asked, "utf8").split("\n"));
  expect(packages).toContain("express");
  expect(packages).not.toContain("parsers");
  expect([...packages].filter((name) => LATER.test(name))).toEqual([]);
});
