import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { type House, MAIN, makeHouse, post, relevant, startDaemon } from "../support/daemon.ts";
import { BOUNDED, fc } from "../support/property.ts";

/** A secret of each of the three ways in which one is kept. */
const SECRETS = {
  file: randomBytes(24).toString("base64url"),
  env: randomBytes(24).toString("base64url"),
  credential: randomBytes(24).toString("base64url"),
};
const ALL = Object.values(SECRETS);

let house: House;
let environment: Record<string, string>;
beforeAll(async () => {
  house = await makeHouse({
    sources: `
  - { id: one, connector: generic, token: { file: one.secret } }
  - { id: two, connector: generic, token: { env: SECRET_TWO } }
  - { id: three, connector: generic, token: { credential: three } }`,
  });
  mkdirSync(join(house.directory, "credentials"), { mode: 0o700 });
  writeFileSync(join(house.directory, "one.secret"), SECRETS.file, { mode: 0o600 });
  writeFileSync(join(house.directory, "credentials/three"), SECRETS.credential, { mode: 0o600 });
  environment = {
    SECRET_TWO: SECRETS.env,
    CREDENTIALS_DIRECTORY: join(house.directory, "credentials"),
  };
});
afterAll(() => house.remove());

function leaked(text: string): string[] {
  return [...ALL, house.tokens.generic, house.toolSecret].filter((secret) => text.includes(secret));
}

const tocsin = (...given: string[]) => {
  const done = spawnSync(process.execPath, [MAIN, ...given, "--config", house.config], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
    input: "",
  });
  return { status: done.status, said: done.stdout + done.stderr };
};

describe("no secret of the configuration is printed", () => {
  it.each([...["check", "check --json", "quarantine", "outbound test", "assets list", "packs list"]])(
    "by %s",
    (command) => {
      const { said, status } = tocsin(...command.split(" "));
      expect(leaked(said)).toEqual([]);
      // A command that could not even be tried says nothing of what it would print.
      expect(status, said).not.toBe(2);
    },
  );

  it("by the daemon: its log, its pages without a session, its metrics and its answers", async () => {
    const daemon = await startDaemon(house, environment);
    const seen: string[] = [];
    for (const [path, token] of [
      ["one", SECRETS.file],
      ["two", SECRETS.env],
      ["three", SECRETS.credential],
    ] as const) {
      const taken = await post(daemon, path, token, relevant(path));
      expect(taken.status).toBe(202);
      const refused = await post(daemon, path, `${token}x`, relevant(path));
      expect(refused.status).toBe(401);
      seen.push(JSON.stringify([taken.body, refused.body]));
    }
    for (const path of ["/metrics", "/readyz", "/healthz", "/openapi.json"])
      seen.push(await (await fetch(`${daemon.operations}${path}`)).text());
    for (const path of ["/", "/connexion"]) seen.push(await (await fetch(`${daemon.people}${path}`)).text());
    await daemon.end("SIGTERM");
    expect(leaked(seen.join("\n") + daemon.log.map((record) => JSON.stringify(record)).join("\n"))).toEqual(
      [],
    );
  });

  it("by what is said of a configuration that is wrong in any one place", () => {
    const sound = readFileSync(house.config, "utf8");
    const file = join(house.directory, "wrong.yml");
    const cut = fc.tuple(fc.nat(sound.length), fc.nat(20), fc.constantFrom("", "x", "\n", "[", ": "));
    fc.assert(
      fc.property(cut, ([at, length, put]) => {
        writeFileSync(file, sound.slice(0, at) + put + sound.slice(at + length));
        const { loaded, problems } = loadConfig(file, environment);
        expect(leaked(JSON.stringify(loaded ?? problems))).toEqual([]);
      }),
      { ...BOUNDED, numRuns: 200 },
    );
  });

  it("by what is said of a secret that is refused", () => {
    const short = "tooshort123";
    writeFileSync(join(house.directory, "short.secret"), short, { mode: 0o600 });
    const text = readFileSync(house.config, "utf8").replace("one.secret", "short.secret");
    const file = join(house.directory, "short.yml");
    writeFileSync(file, text);
    appendFileSync(file, `\nplaceholders: 1\n`);
    const { problems = [] } = loadConfig(file, environment);
    expect(JSON.stringify(problems)).not.toContain(short);
    writeFileSync(file, text);
    const told = JSON.stringify(loadConfig(file, environment).problems);
    expect(told).toContain("fewer than 16 characters");
    expect(told).not.toContain(short);
  });
});
