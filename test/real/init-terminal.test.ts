import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parse } from "yaml";
import { MAIN } from "../support/daemon.ts";
import { describePeer, peer } from "../support/peer.ts";

const script = peer("script", "script", "apt-get install bsdutils");
const ENTER = "\r";
const DOWN = "\x1b[B";
const UP = "\x1b[A";
const INTERRUPT = "\x03";
const BACK = "\x7f";

let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-init-"));
  config = join(folder, "config", "tocsin.yml");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a person types once they read something on the screen. */
type Turn = readonly [reads: string, types: string];

/** Runs `init` on a terminal of its own, and answers in turn; what was shown, and the exit code. */
function converse(
  turns: readonly Turn[],
  flags: readonly string[] = [],
): Promise<{ shown: string; code: number | null }> {
  const quoted = [process.execPath, MAIN, "init", "--config", config, ...flags].map((each) => `'${each}'`);
  // As wide as a terminal is: of a pipe it would have no size.
  const command = `stty cols 120 rows 40; exec ${quoted.join(" ")}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    env: { PATH: process.env.PATH, TERM: "xterm", HOME: folder },
  });
  let shown = "";
  let read = 0;
  const waiting = [...turns];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += stripVTControlCharacters(chunk);
    for (;;) {
      const [next] = waiting;
      const at = next === undefined ? -1 : shown.indexOf(next[0], read);
      if (next === undefined || at < 0) return;
      read = shown.length;
      waiting.shift();
      child.stdin.write(next[1]);
    }
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      child.stdin.destroy();
      if (waiting.length > 0) reject(new Error(`never asked: ${waiting[0]?.[0]}\n${shown}`));
      else resolve({ shown, code });
    });
  });
}

/** What `check --offline` says of what was made: nothing to be corrected, or it throws. */
const check = () =>
  execFileSync(process.execPath, [MAIN, "check", "--offline", "--config", config], { encoding: "utf8" });
const written = () => parse(readFileSync(config, "utf8"));

describePeer(script, "init on a terminal", () => {
  const NAMED: Turn[] = [
    ["Raison sociale", `Centre hospitalier d'Exemple${ENTER}`],
    ["Nom court", `ch-exemple${ENTER}`],
  ];
  const PERSON: Turn[] = [
    ["Nom de la personne déléguée", `Anne Martin${ENTER}`],
    ["Son identifiant", `anne.martin${ENTER}`],
  ];

  it("asks for all it must know, and makes what check accepts and a first account that can enter", async () => {
    const { shown, code } = await converse([
      ...NAMED,
      ["Partir des systèmes", ENTER],
      ["Pour commencer", ENTER],
      ["Qui joint Tocsin", ENTER],
      ...PERSON,
      ["Son mot de passe", ENTER],
    ]);
    expect(code, shown).toBe(0);
    expect(shown).toContain("anne.martin");
    expect(shown).toContain("otpauth://");
    expect(written()).toMatchObject({
      facility: { id: "ch-exemple", name: "Centre hospitalier d'Exemple" },
      mode: "exercise",
    });
    expect(written().systems.length).toBeGreaterThan(0);
    expect(readdirSync(join(folder, "config"))).toContain("secrets");
    expect(check()).toMatch(/tocsin\.yml/);
  });

  it("asks again for what cannot be, takes other choices, and makes the certificates of other machines", async () => {
    const wrong = "CH Exemple";
    const { shown, code } = await converse([
      ["Raison sociale", `CH d'Exemple${ENTER}`],
      ["Nom court", `${wrong}${ENTER}`],
      ["minuscules, chiffres et tirets", `${BACK.repeat(wrong.length)}ch-exemple${ENTER}`],
      ["Partir des systèmes", `${UP}${ENTER}`],
      ["Type de structure", `${DOWN}${ENTER}`],
      ["Pour commencer", `${DOWN}${ENTER}`],
      ["Qui joint Tocsin", `${DOWN}${ENTER}`],
      ["Noms et adresses", `tocsin.example.org 192.0.2.10${ENTER}`],
      ...PERSON,
      ["Son mot de passe", `trop court${ENTER}`],
      ["au moins 12 caractères", `${BACK.repeat(10)}une phrase de passe${ENTER}`],
    ]);
    expect(code, shown).toBe(0);
    expect(shown).not.toContain("une phrase de passe");
    expect(written()).toMatchObject({
      facility: { id: "ch-exemple", kind: "medico_social" },
      mode: "observe",
      listeners: { people: { public_url: expect.stringContaining("https://tocsin.example.org") } },
    });
    expect(readdirSync(join(folder, "config", "tls"))).toContain("tocsin.pem");
    expect(check()).toMatch(/tocsin\.yml/);
  });

  it("asks for nothing that was given on the line", async () => {
    const { shown, code } = await converse(
      [...PERSON, ["Son mot de passe", ENTER]],
      [
        "--facility-id",
        "ch-exemple",
        "--facility-name",
        "CH",
        "--profile",
        "chu",
        "--mode",
        "exercise",
      ].concat(["--listen", "127.0.0.1"]),
    );
    expect(code, shown).toBe(0);
    expect(shown).not.toMatch(
      /Raison sociale|Nom court|Partir des|Type de structure|Pour commencer|Qui joint/,
    );
  });

  it.each([
    ["at the first question", [["Raison sociale", INTERRUPT]]],
    [
      "at the last",
      [...NAMED, ["Partir", ENTER], ["Pour", ENTER], ["Qui", ENTER], ...PERSON, ["mot de passe", INTERRUPT]],
    ],
  ] as const)("leaves nothing behind when the person leaves %s", async (_, turns) => {
    const { shown, code } = await converse(turns as readonly Turn[]);
    expect(code).toBe(2);
    expect(shown).toContain("Rien n'a été écrit.");
    expect([existsSync(config), readdirSync(folder)]).toEqual([false, []]);
  });
});
