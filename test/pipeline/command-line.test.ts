import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAIN } from "../support/daemon.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tocsin-cli-"));
  mkdirSync(join(directory, "config"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function tocsin(args: string[], input?: string) {
  const done = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: directory,
    input: input ?? "",
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

const INIT = [
  "init",
  "--facility-id",
  "ch-x",
  "--facility-name",
  "CH X",
  "--kind",
  "autre",
  "--mode",
  "exercise",
  "--login",
  "anne.martin",
  "--person",
  "Anne Martin",
];

describe("the command line", () => {
  it("says in two lines how to make a configuration when there is none", () => {
    const { code, out, err } = tocsin(["run"]);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err.trim().split("\n")).toEqual([
      "config/tocsin.yml: there is no configuration yet.",
      "Make one with: npm run tocsin -- init",
    ]);
  });

  it.each(["run", "demo", "init", "check", "parse", "rules", "replay", "verify"])(
    "%s has --help",
    (command) => {
      const { code, out } = tocsin([command, "--help"]);
      expect(code).toBe(0);
      expect(out).toContain(`Usage: tocsin ${command}`);
    },
  );

  it("lists its commands, and refuses an unknown one with exit code 2", () => {
    expect(tocsin(["--help"]).out).toContain("replay");
    expect(tocsin(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(tocsin(["fly"])).toMatchObject({ code: 2, out: "" });
    expect(tocsin(["parse", "--as", "pigeon"], "x")).toMatchObject({ code: 2, out: "" });
    expect(tocsin(["parse", "--wrong"], "x")).toMatchObject({ code: 2, out: "" });
  });

  it("makes an installation that checks, starts and verifies", { timeout: 60_000 }, async () => {
    const made = tocsin(INIT);
    expect(made).toMatchObject({ code: 0, err: "" });
    expect(made.out).toContain("otpauth://totp/");
    expect(statSync(join(directory, "config/secrets/wazuh.token")).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "state/signing-key.pem")).mode & 0o777).toBe(0o600);
    // The ports that it writes may be taken here.
    expect(tocsin(["check", "--offline"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^advice: sources: .*\nadvice: systems: .*\nconfig\/tocsin\.yml: no problem found\n$/,
      ),
      err: "",
    });
    expect(JSON.parse(tocsin(["check", "--offline", "--json"]).out)).toMatchObject({
      problems: [],
      advice: [{ code: "silence_unheard" }, { code: "systems_undescribed" }],
    });

    // Ports of the moment instead of the fixed ones: other tests run beside this one.
    const file = join(directory, "config/tocsin.yml");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(/port: (8470|8471|8472|5514)/g, "port: 0"));
    const daemon = spawn(process.execPath, [MAIN, "run"], {
      cwd: directory,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    await new Promise<void>((resolve, reject) => {
      daemon.stderr.on("data", (chunk: Buffer) => {
        log += chunk;
        if (log.includes('"message":"ready"')) resolve();
      });
      daemon.once("exit", (code) => reject(new Error(`ended with ${code}: ${log}`)));
    });
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    expect(await ended).toBe(0);
    const verified = tocsin(["verify", "--json"]);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({ ok: true, facilities: [{ facility: "ch-x" }] });
  });

  it("does not overwrite a configuration, and says which flags it misses where nobody can be asked", () => {
    expect(tocsin(INIT).code).toBe(0);
    const before = readFileSync(join(directory, "config/tocsin.yml"), "utf8");
    expect(tocsin(INIT)).toMatchObject({
      code: 2,
      err: "config/tocsin.yml: there is a configuration already; nothing was changed.\n",
    });
    expect(readFileSync(join(directory, "config/tocsin.yml"), "utf8")).toBe(before);
    const other = tocsin(["init", "--config", "config/other.yml", "--login", "a"]);
    expect(other).toMatchObject({
      code: 2,
      err: expect.stringContaining("--facility-id, --facility-name, --kind, --mode, --person"),
    });
    expect(existsSync(join(directory, "config/other.yml"))).toBe(false);
  });

  it.each([
    ["--kind", "hopital"],
    ["--login", "Anne Martin"],
    ["--facility-id", "CH X"],
    ["--mode", "real"],
  ])("init writes nothing at all when %s is wrong, so that it can be tried again", (flag, value) => {
    const wrong = INIT.map((each, i) => (INIT[i - 1] === flag ? value : each));
    const { code, err } = tocsin(wrong);
    expect(code).toBe(2);
    expect(err).toContain("Nothing was written.");
    expect(existsSync(join(directory, "config/tocsin.yml"))).toBe(false);
    expect(existsSync(join(directory, "state"))).toBe(false);
    expect(tocsin(INIT).code).toBe(0);
  });

  it("makes one more account, once, and shows an empty quarantine", () => {
    tocsin([...INIT, "--state", "elsewhere"]);
    expect(existsSync(join(directory, "config/elsewhere/tocsin.sqlite"))).toBe(true);
    const account = ["account", "--login", "paul.durand", "--person", "Paul Durand", "--role", "director"];
    expect(tocsin(account)).toMatchObject({ code: 0, out: expect.stringContaining("otpauth://totp/") });
    expect(tocsin(account)).toMatchObject({ code: 1, err: expect.stringContaining("login_taken") });
    expect(tocsin([...account.slice(0, -1), "king"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("director"),
    });
    expect(tocsin(["quarantine"])).toMatchObject({
      code: 0,
      out: "",
      err: expect.stringMatching(/^nothing: /),
    });
    expect(tocsin(["quarantine", "--json"])).toEqual({ code: 0, out: "", err: "" });
    expect(tocsin(["bundle", "2026-0001", "x.json"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no incident has this reference"),
    });
  });

  it.each(["init", "account make"])(
    "%s tells in --help of a password that does not show in ps",
    (command) => {
      expect(tocsin([...command.split(" "), "--help"]).out).toContain("--password-file");
    },
  );

  it("refuses a short password before anything is written, and takes a long one from a file", () => {
    const short = join(directory, "short");
    const long = join(directory, "long");
    writeFileSync(short, "elevenchars\n");
    writeFileSync(long, "douze lettres au moins\n");
    for (const wrong of [
      ["--password", "elevenchars"],
      ["--password-file", short],
      ["--password-file", join(directory, "none")],
      ["--password", "douze lettres au moins", "--password-file", long],
    ]) {
      const { code, out, err } = tocsin([...INIT, ...wrong]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain(wrong[0]);
      expect(existsSync(join(directory, "config/tocsin.yml"))).toBe(false);
    }
    const made = tocsin([...INIT, "--password-file", long]);
    expect(made).toMatchObject({ code: 0, err: "" });
    expect(made.out).not.toMatch(/mot de passe|douze lettres/);
    const account = ["account", "--login", "paul.durand", "--person", "Paul Durand", "--role", "director"];
    expect(tocsin([...account, "--password-file", short])).toMatchObject({ code: 2, out: "" });
    const second = tocsin([...account, "--password-file", long]);
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining("otpauth://totp/") });
    expect(second.out).not.toMatch(/Mot de passe|douze lettres/);
  });

  it.each(["parse", "rules match --rules any.yml"])("%s ends quietly when its reader leaves", (command) => {
    writeFileSync(
      join(directory, "any.yml"),
      "title: Any\nid: any\nlogsource: { category: alert }\ndetection: { sel: [nothing], condition: sel }\n",
    );
    writeFileSync(join(directory, "many"), '{"message":"x"}\n'.repeat(30_000));
    const line = `"${process.execPath}" "${MAIN}" ${command} many | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", line], { cwd: directory, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toEqual([expect.stringContaining('"line":1'), "0"]);
  });

  it("starts nothing on a bad configuration and tells all that is wrong with it", () => {
    writeFileSync(join(directory, "config/tocsin.yml"), "facility: { id: A }\nmode: real\n");
    const { code, err } = tocsin(["run"]);
    expect(code).toBe(2);
    expect(err).toContain("tocsin.yml:1:");
    expect(err).toContain("tocsin.yml:2:");
    expect(err).toContain("nothing was started");
    expect(existsSync(join(directory, "state"))).toBe(false);
  });
});

describe("replay", () => {
  const night = [
    '{"@timestamp":"2026-11-15T01:10:00Z","host":"pacs-01","message":"vssadmin.exe delete shadows /all /quiet"}',
    '{"@timestamp":"2026-11-15T01:11:00Z","host":"pacs-01","message":"nothing to see"}',
    "not json at all",
    '{"@timestamp":"2026-11-15T01:12:00Z","host":"pacs-01","message":"file created HOW_TO_DECRYPT.txt"}',
    '{"@timestamp":"2026-11-15T03:00:00Z","host":"srv-9","message":"Problem: Service \\"web\\" is not running on srv-9, severity High"}',
  ].join("\n");
  const config =
    "facility: { id: ch-x, name: CH X, kind: autre }\nmode: live\nsystems:\n  - { id: pacs, name: PACS, kind: imaging, hosts: [pacs-*], health_data: true, care_critical: true }\n";

  it("prints incidents with their alerts, facts, criteria and verdict, and reaches nobody", () => {
    writeFileSync(join(directory, "config/tocsin.yml"), config);
    const { code, out } = tocsin(["replay", "--json"], night);
    expect(code).toBe(0);
    const { incidents } = JSON.parse(out);
    expect(incidents).toHaveLength(2);
    expect(incidents[0]).toMatchObject({
      verdict: "declare",
      systems: ["pacs"],
      alerts: [{ line: 1, host: "pacs-01" }, { line: 4 }],
    });
    expect(incidents[0].facts.map((fact: { fact: string }) => fact.fact)).toEqual([
      "malicious_action_suspected",
      "recovery_destroyed",
      "data_altered",
    ]);
    expect(
      Object.fromEntries(
        incidents[0].criteria.map(({ id, value }: { id: string; value: string }) => [id, value]),
      ),
    ).toEqual({ C1: "met", C2: "met", C3: "unknown", C4: "unknown", C5: "unknown", D6: "met" });
    expect(incidents[1]).toMatchObject({ verdict: "watching", state: "candidate" });
    expect(existsSync(join(directory, "state"))).toBe(false);
  });

  it.each([
    [["--as", "nope"], /--as nope: no such source; one of alertmanager, /],
    [["--zone", "Mars"], /--zone Mars: no such IANA zone/],
    [["--input", "zz"], /--input zz: write one of lines, octet-counted, json-strings/],
    [["--rules", "/nonexist"], /--rules \/nonexist: /],
    [["--year", "abc"], /--year abc: write a year/],
    [["/no/such/file"], /\/no\/such\/file: cannot be read/],
  ])("refuses %j with exit code 2, saying why", (args, why) => {
    const { code, out, err } = tocsin(["replay", ...args], night);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(why);
  });

  it("watches an act of ransomware that a product prevented, without stating what did not happen", () => {
    const record =
      "<130>Aug  2 02:12:33 siem CEF:0|WithSecure|Elements|23.4|RW-01|Ransomware detected|8|shost=PC-1 act=Blocked";
    const { incidents } = JSON.parse(tocsin(["replay", "--json"], record).out);
    expect(incidents).toMatchObject([{ state: "candidate", verdict: "watching", facts: [] }]);
  });

  it("gives twice the same for the same recording", () => {
    expect(tocsin(["replay", "--json"], night).out).toBe(tocsin(["replay", "--json"], night).out);
  });

  it("works on a recording without any configuration", () => {
    expect(JSON.parse(tocsin(["replay", "--json"], night).out).incidents).toHaveLength(2);
    expect(tocsin(["replay"], "").out).toBe("Aucun incident.\n");
  });
});

describe("demo", () => {
  it("goes the whole way by itself, and its bundle verifies offline until one byte changes", {
    timeout: 120_000,
  }, () => {
    const bundle = join(directory, "record.json");
    const { code, out, err } = tocsin(["demo", "--once", "--bundle", bundle]);
    expect(err).toBe("");
    expect(code).toBe(0);
    for (const said of [
      "Attend votre décision",
      "À déclarer maintenant",
      "VALIDÉ, PAS ENCORE DÉPOSÉ",
      "dépôt simulé, n° EXERCICE-",
      "Journal scellé : intact",
    ]) {
      expect(out.toUpperCase()).toContain(said.toUpperCase());
    }
    expect(
      out.match(/▶ incident 2026-000\d|▶ incident 20\d\d-000\d/g)?.every((each) => each.endsWith("0001")),
    ).toBe(true);
    const verified = tocsin(["verify", bundle]);
    expect(verified.code).toBe(0);
    expect(verified.out).toContain("Dossier intact");
    const bytes = readFileSync(bundle);
    bytes[Math.floor(bytes.length / 3)] = (bytes[Math.floor(bytes.length / 3)] ?? 0) ^ 1;
    writeFileSync(bundle, bytes);
    expect(tocsin(["verify", bundle]).code).toBe(1);
  });

  it("stays up until it is interrupted", { timeout: 60_000 }, async () => {
    const demo = spawn(process.execPath, [MAIN, "demo", "--quick"], {
      cwd: directory,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let out = "";
    await new Promise<void>((resolve, reject) => {
      demo.stdout.on("data", (chunk: Buffer) => {
        out += chunk;
        if (out.includes("Ctrl-C")) resolve();
      });
      demo.once("exit", (code) => reject(new Error(`ended with ${code}: ${out}`)));
    });
    const link = /http\S+billet\?jeton=\S+/.exec(out)?.[0] ?? "";
    const page = await fetch(link);
    expect(page.status).toBe(200);
    const ended = new Promise((resolve) => demo.once("exit", resolve));
    demo.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});
