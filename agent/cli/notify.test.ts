import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { commandScene } from "../../test/support/command-scene.ts";
import { gatewayServer } from "../../test/support/gateway-server.ts";
import { makeSigningKey } from "../store/keys.ts";
import { run } from "./program.ts";

const scene = commandScene("notify");

async function tried(status: number, ...words: string[]) {
  const server = await gatewayServer((_, response) => response.writeHead(status).end());
  const { folder, config } = scene;
  writeFileSync(
    config,
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: exercise
state_directory: ./state
notify:
  - { id: push, connector: ntfy, for: [on_call], settings: { url: "${server.url}", topic: t } }
`,
  );
  mkdirSync(join(folder, "state"));
  makeSigningKey(join(folder, "state/signing-key.pem"));
  await run(["node", "tocsin", "notify", "test", ...words, "--config", config]);
  server.close();
  return { code: process.exitCode, asked: server.asked, text: `${Buffer.concat(scene.out)}${scene.errors}` };
}

it("sends one message marked as a test, and says what became of it", async () => {
  const { code, asked, text } = await tried(200, "push");
  expect(code).toBe(0);
  expect(text).toBe("push : Pris en charge – le service a pris l'envoi (réponse 200)\n");
  expect(asked).toHaveLength(1);
  expect(asked[0]?.body).toContain("TEST – EXERCICE");
});

it.each<[number, string[], number, string]>([
  [403, ["push"], 1, "Refusé – le service nous interdit cet envoi (réponse 403)"],
  [200, ["pigeon"], 2, 'no channel "pigeon"; the channels: push'],
  [200, ["push", "--to", "nobody"], 2, 'no active account "nobody"'],
])("answers HTTP %i to %j with exit code %i: %s", async (status, words, code, told) => {
  const done = await tried(status, ...words);
  expect(done.code).toBe(code);
  expect(done.text).toContain(told);
});
