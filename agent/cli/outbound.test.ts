import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { commandScene } from "../../test/support/command-scene.ts";
import { startSmtp } from "../../test/support/smtp-peer.ts";
import { run } from "./program.ts";

const scene = commandScene("outbound");

async function tested(port: number, ...words: string[]) {
  const { config } = scene;
  const mail = `{ host: 127.0.0.1, port: ${port}, security: none, from: a@ch.example, to: [b@ars.example], contact: RSSI }`;
  writeFileSync(
    config,
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: live
outbound:
  - { id: portail, connector: portal-assisted }
  - { id: ars, connector: ars-mail, settings: ${mail} }
`,
  );
  await run(["node", "tocsin", "outbound", "test", ...words, "--config", config]);
  return { code: process.exitCode, text: `${Buffer.concat(scene.out)}${scene.errors}` };
}

it("says of each way whether it would arrive, and sends nothing", async () => {
  const smtp = await startSmtp();
  const { code, text } = await tested(smtp.port);
  await smtp.close();
  expect(text).toMatch(/^portail : Portail de signalement – non vérifié/);
  expect(text).toMatch(/\nars : .+ – joignable – /);
  expect(code).toBe(0);
  expect(smtp.received).toEqual([]);
});

it.each<[number, string[], number, RegExp]>([
  [1, ["ars"], 1, /^ars : .+ – INJOIGNABLE – /],
  [1, ["pigeon"], 2, /^no way out "pigeon"; the ways: portail, ars/],
])("with port %i asked %j ends with exit code %i", async (port, words, code, told) => {
  const done = await tested(port, ...words);
  expect(done.text).toMatch(told);
  expect(done.code).toBe(code);
});
