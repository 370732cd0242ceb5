import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import type { Scene } from "../support/web-server.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

let house: House;
let daemon: Daemon;
beforeEach(async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
});
afterEach(async () => {
  await daemon.end("SIGKILL");
  house.remove();
});

const stateOf = (folder: string) => {
  const path = join(house.directory, "state", folder);
  return existsSync(path) ? readdirSync(path, { recursive: true }).map(String).sort() : [];
};

async function incidentOfTheNight(): Promise<string> {
  await post(daemon, "generic", house.tokens.generic, relevant("e1"));
  return eventually("an incident", async () => {
    const reads = house.reads();
    try {
      return (await reads.byState(FACILITY, "incident", [], { limit: 1 }))[0]?.content.id;
    } finally {
      reads.close();
    }
  });
}

async function signedIn(): Promise<Visitor> {
  const person = visitor({ url: daemon.people } as Scene);
  const account = house.accounts["anne.martin"];
  const page = `/${FACILITY}/connexion`;
  const fields = { login: "anne.martin", password: account.password, code: codeOf(account) };
  expect((await person.submit(page, page, fields)).status).toBe(303);
  return person;
}

const WEEK_AGO = new Date(Date.now() - 7 * 86_400_000).toISOString();
const OLD = JSON.stringify({
  "@timestamp": WEEK_AGO,
  host: "pacs-01",
  message: "vssadmin.exe delete shadows /all /quiet (old)",
});

async function send(person: Visitor, page: string, recording: File) {
  const csrf = /name="csrf" value="([^"]+)"/.exec(
    (await person.get(page)).text.split(`action="${page}/fichier"`)[1] ?? "",
  )?.[1];
  const body = new FormData();
  body.set("csrf", csrf ?? "");
  body.set("keep", "related");
  body.append("recording", recording);
  return person.get(`${page}/fichier`, { method: "POST", body });
}

const shown = (person: Visitor, page: string, title: string) =>
  eventually(title, async () => {
    const { text } = await person.get(page);
    return text.includes(`<h2 id="recherche-titre">${title}</h2>`) ? text : undefined;
  });

describe("a search asked for on the page", () => {
  it("shows what would be found, gives it to the incident when confirmed, and leaves no recording behind", async () => {
    const incident = await incidentOfTheNight();
    const person = await signedIn();
    const page = `/${FACILITY}/incidents/${incident}/recherche`;
    const done = await send(person, page, new File([gzipSync(`${OLD}\n`)], "export d'octobre.ndjson.gz"));
    expect([done.status, done.location]).toEqual([303, `${page}?fait=commence`]);

    const tried = await shown(person, page, "Ce qui serait trouvé");
    expect(tried).toMatch(/Seraient donnés à l’incident<\/dt><dd><strong>1</);
    expect(tried).toContain("Début estimé");
    expect(stateOf("recherches").some((name) => name.endsWith("export d'octobre.ndjson.gz"))).toBe(true);
    const before = await readIncident(incident);
    expect(before.hunts).toBeUndefined();

    expect((await person.submit(page, `${page}/confirmer`, {})).status).toBe(303);
    const over = await shown(person, page, "Recherche terminée");
    expect(over).toMatch(/Donnés à l’incident<\/dt><dd><strong>1</);
    expect(stateOf("recherches").filter((name) => name.includes("recording"))).toEqual([]);
    expect(stateOf("envois")).toEqual([]);
    const after = await readIncident(incident);
    expect(after.hunts).toEqual([
      expect.objectContaining({
        by: { account: house.accounts["anne.martin"].id, name: "Anne Martin" },
        what: "« export d'octobre.ndjson.gz »",
        detections: 1,
      }),
    ]);
    expect(after.occurred).toBe(Date.parse(WEEK_AGO) * 1000);
  }, 120_000);

  it("names what it cannot read, and the incident stays as it was", async () => {
    const incident = await incidentOfTheNight();
    const person = await signedIn();
    const page = `/${FACILITY}/incidents/${incident}/recherche`;
    await send(person, page, new File([gzipSync(OLD.repeat(50)).subarray(0, 40)], "coupé.gz"));
    const text = await shown(person, page, "Recherche interrompue");
    expect(text).toMatch(/« coupé.gz »/);
    expect(text).toMatch(/ne se lit pas jusqu&#39;au bout|n&#39;a été reconnu/);
    expect((await readIncident(incident)).hunts).toBeUndefined();
    expect(stateOf("recherches").filter((name) => name.includes("recording"))).toEqual([]);
  }, 120_000);
});

async function readIncident(id: string) {
  const reads = house.reads();
  try {
    const stored = await reads.record(FACILITY, "incident", id);
    if (stored === undefined) throw new Error(`no incident ${id}`);
    return stored.content;
  } finally {
    reads.close();
  }
}
