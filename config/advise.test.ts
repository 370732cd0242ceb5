import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { advise } from "./advise.ts";
import { parseConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "tocsin-advise-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const [name, mode] of [
  ["closed.token", 0o600],
  ["group.token", 0o640],
  ["open.token", 0o644],
] as const) {
  writeFileSync(join(folder, name), `a token long enough in ${name}`);
  chmodSync(join(folder, name), mode);
}

writeFileSync(join(folder, "hook.secret"), Buffer.alloc(32, 7).toString("base64"), { mode: 0o600 });

const SOUND = `facility: { id: ch-x, name: CH X, kind: autre }
mode: exercise
sources:
  - { id: a, connector: generic, token: { file: closed.token }, silent_after_minutes: 15 }
systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: ["pacs-*"] }
`;

function advised(text: string): string[] {
  const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), {});
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  return advise(loaded).map(({ code, path }) => `${code} ${path.join(".")}`);
}

describe("advise", () => {
  it("has nothing to say of a configuration that leaves nothing out", () => {
    expect(advised(SOUND)).toEqual([]);
  });

  it.each([
    ["no source", SOUND.replace(/sources:\n.*\n/, ""), ["nothing_arrives sources"]],
    [
      "sources that may all fall silent",
      SOUND.replace(", silent_after_minutes: 15", ""),
      ["silence_unheard sources"],
    ],
    ["no system", SOUND.replace(/systems:\n.*\n/, ""), ["systems_undescribed systems"]],
    [
      "a system that nothing recognises",
      SOUND.replace(', hosts: ["pacs-*"]', ""),
      ["system_unseen systems.0"],
    ],
    [
      "systems that nothing recognises in one line",
      SOUND.replace(', hosts: ["pacs-*"]', "").concat(
        "  - { id: ris, name: RIS, kind: imaging }\n  - { id: ad, name: AD, kind: directory, hosts: [dc] }\n",
      ),
      ["system_unseen systems.0"],
    ],
    [
      "a network inside that of another system",
      `${SOUND}  - { id: lan, name: LAN, kind: network, cidrs: [10.0.0.0/8, 10.1.0.0/16] }
  - { id: ad, name: AD, kind: directory, cidrs: [10.2.3.0/24, 2001:db8::/32] }
`,
      ["network_nested systems.2.cidrs.0"],
    ],
    [
      "a real mode that tells nobody",
      SOUND.replace("exercise", "live"),
      ["nobody_told notify", "nobody_told notify", "approver_unheard notify"],
    ],
    [
      "a real mode in which no approver of another duty is told",
      `${SOUND.replace("exercise", "live")}notify: [{ id: n, connector: webhook, for: [on_call, delegate], settings: { url: "http://127.0.0.1:9", secret: { file: hook.secret } } }]`,
      ["approver_unheard notify"],
    ],
    [
      "nothing of one in which the DPO has a channel",
      `${SOUND.replace("exercise", "live")}notify: [{ id: n, connector: webhook, for: [on_call, delegate, dpo], settings: { url: "http://127.0.0.1:9", secret: { file: hook.secret } } }]`,
      [],
    ],
    ["a secret that anyone may read", SOUND.replace("closed", "open"), ["secret_readable sources.0.token"]],
  ])("tells %s", (_, text, expected) => {
    expect(advised(text)).toEqual(expected);
  });

  it("leaves alone a secret that a group may read: the service may be in it", () => {
    expect(advised(SOUND.replace("closed", "group"))).toEqual([]);
  });
});
