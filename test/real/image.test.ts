import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BARE, type BareRoot, makeBareRoot, productionPackages, putLibraries } from "../support/bare-root.ts";
import { type Instruction, ignoring, instructionsOf, stagesOf } from "../support/dockerfile.ts";
import { ROOT, read } from "../support/documents.ts";
import { describePeer, peer } from "../support/peer.ts";

const NEEDED = [
  ...BARE,
  peer("useradd", "useradd", "apt-get install passwd"),
  peer("setpriv", "setpriv", "apt-get install util-linux"),
];
/** Of Debian, those that the recipe and these tests name. */
const TOOLS = ["groupadd", "useradd", "install", "setpriv", "env", "cat", "sleep", "grep"];
const FINAL = stagesOf(instructionsOf(read("Dockerfile"))).at(-1) ?? [];
const of = (word: string) => FINAL.filter((each) => each.word === word).map(({ rest }) => rest);
/** A list of words, as JSON. */
const listOf = (rest = "[]") => JSON.parse(rest.slice(rest.indexOf("["))) as string[];
const quoted = (words: readonly string[]) =>
  words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

const ENVIRONMENT = Object.fromEntries(
  of("ENV").flatMap((rest) =>
    [...rest.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = "", inQuotes, bare]) => [
      name,
      inQuotes ?? bare ?? "",
    ]),
  ),
);
const ANSWERS = {
  TOCSIN_FACILITY_ID: "ch-x",
  TOCSIN_FACILITY_NAME: "CH X",
  TOCSIN_PROFILE: "ch",
  TOCSIN_MODE: "exercise",
  TOCSIN_LOGIN: "anne.martin",
  TOCSIN_PERSON: "Anne Martin",
  TOCSIN_TLS_NAME: "localhost",
  // As compose hands on what is not set.
  TOCSIN_PASSWORD_FILE: "",
};

let folder: string;
let bare: BareRoot;

/** What a container runs: the words of the image with these instead of its own, as its user, and nothing more. */
function contained(
  given: readonly string[] | undefined,
  more: Record<string, string> = {},
  meanwhile = "",
): ReturnType<BareRoot["run"]> {
  const words = [...listOf(of("ENTRYPOINT")[0]), ...(given ?? listOf(of("CMD")[0]))];
  const environment = Object.entries({ ...ENVIRONMENT, ...more }).map(([name, value]) => `${name}=${value}`);
  const [user = ""] = of("USER");
  const as = [
    "setpriv",
    `--reuid=${user}`,
    `--regid=${user}`,
    "--init-groups",
    "--no-new-privs",
    "--bounding-set=-all",
  ];
  const command = quoted(["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", ...environment, ...as, ...words]);
  const [place = "/"] = of("WORKDIR");
  return bare.run(
    meanwhile === ""
      ? `cd ${place} && exec ${command}`
      : `cd ${place} && { ${command} 2>/tmp/log & } ; ${meanwhile}`,
  );
}

describePeer(NEEDED, "what the recipe of the image makes, in a root of its own", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-image-"));
    bare = makeBareRoot(join(folder, "root"), TOOLS);
    putLibraries(bare.folder, process.execPath);
    for (const instruction of FINAL) follow(instruction);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("says, with nothing configured and nobody at a terminal, the one line to type, and ends", () => {
    const { status, stdout, stderr } = contained(undefined);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.trim().split("\n")).toEqual([
      "/etc/tocsin/tocsin.yml: there is no configuration yet.",
      `Make one with: ${ENVIRONMENT.TOCSIN_CALL} init`,
    ]);
  });

  it("names the variables that it lacks to be set up unattended", () => {
    const { status, stderr } = contained(["init"]);
    expect(status).toBe(2);
    expect(stderr).toContain("TOCSIN_FACILITY_ID, TOCSIN_FACILITY_NAME, ");
    expect(stderr).toContain("TOCSIN_TLS_NAME");
  });

  it("is set up by the environment alone, as its own user, and found in order", () => {
    const { status, stdout, stderr } = contained(["init"], ANSWERS);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`${ENVIRONMENT.TOCSIN_SHOW} /etc/tocsin/tls/autorite.pem > tocsin-ca.pem`);
    const checked = contained(["check"]);
    expect(checked.stdout).toContain("/etc/tocsin/tocsin.yml: no problem found");
    expect(checked.status).toBe(0);
  });

  it("starts, is in good health by its own check, and stops by its signal", () => {
    const health = quoted(listOf(of("HEALTHCHECK")[0]));
    const wait = `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do grep -qs '"message":"ready"' /tmp/log && break; sleep 0.5; done`;
    const done = contained(
      undefined,
      {},
      `${wait}; ${health}; echo "health $?"; kill -TERM $!; wait $!; echo "stopped $?"`,
    );
    expect(done.stdout).toBe("health 0\nstopped 0\n");
  });

  it("holds no test, no fixture, no npm, and weighs little beside Node", () => {
    const app = join(bare.folder, "app");
    expect(
      globSync(["{agent,rules,connectors,config}/**/*.test.ts", "**/fixtures/*", "config/secrets"], {
        cwd: app,
      }),
    ).toEqual([]);
    expect(globSync("node_modules/{npm,typescript,vitest,node-linux-*}", { cwd: app })).toEqual([]);
    const packed = execFileSync("sh", ["-c", "tar -cf - app | gzip -6 | wc -c"], {
      cwd: bare.folder,
      encoding: "utf8",
    });
    expect(Number(packed) / 1e6).toBeLessThan(25);
    expect(statSync(join(bare.folder, "usr/local/bin/node")).size / 1e6).toBeLessThan(150);
  });
});

/** Does what one instruction says, but for what only a registry gives. */
function follow({ word, rest }: Instruction): void {
  if (word === "RUN") expect(bare.run(rest), rest).toMatchObject({ status: 0 });
  if (word !== "COPY") return;
  const [from, ...words] = rest.startsWith("--from=") ? rest.split(" ") : ["", ...rest.split(" ")];
  const to = words.at(-1) ?? "";
  const target = join(bare.folder, to.startsWith("/") ? to : join(of("WORKDIR")[0] ?? "/", to));
  mkdirSync(dirname(target), { recursive: true });
  if (words[0] === "/usr/local/bin/node") {
    cpSync(process.execPath, target);
  } else if (from !== "") {
    const packages = productionPackages().filter((path) => !/node_modules\/node-linux-/.test(path));
    writeFileSync(join(folder, "list"), packages.join("\n"));
    const pipe = `tar -cf - --files-from=${join(folder, "list")} | tar -xf - -C ${dirname(target)}`;
    execFileSync("sh", ["-c", pipe], { cwd: ROOT });
  } else copyOwn(words.slice(0, -1), target);
}

/** Copies what of the checkout the context of the build has. */
function copyOwn(parts: readonly string[], target: string): void {
  const ignored = ignoring(read(".dockerignore"));
  for (const part of parts) {
    expect(ignored(part), part).toBe(false);
    const into = parts.length > 1 ? join(target, part) : target;
    cpSync(join(ROOT, part), into, {
      recursive: true,
      filter: (path) => !ignored(path.slice(ROOT.length + 1)),
    });
  }
}
