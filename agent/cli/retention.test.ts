import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandScene, openHouse } from "../../test/support/command-scene.ts";
import { NIGHT, record, samples } from "../../test/support/store-samples.ts";
import type { Incident } from "../core/incident.ts";
import type { Account, Role } from "../core/person.ts";
import { verifyBundle } from "../store/bundle.ts";
import type { Store, Write } from "../store/store.ts";
import { run } from "./program.ts";

const scene = commandScene("retention");
const HERE = "chv";
/** Long ago for any clock: what was closed then is over by every rule. */
const ONCE = Date.UTC(2015, 0, 5) * 1000;

const tocsin = async (...argv: string[]) => {
  scene.out.length = 0;
  scene.errors = "";
  process.exitCode = undefined;
  await run(["node", "tocsin", ...argv, "--config", scene.config]);
  return Buffer.concat(scene.out).toString();
};
const rules = (more: string) =>
  writeFileSync(scene.config, `${readFileSync(scene.config, "utf8")}retention: { ${more} }\n`);

/** A dossier that was closed once, with an alert. */
async function closed(store: Store): Promise<Incident> {
  const make = samples();
  const closure = { at: ONCE, writer: "Anne Morel", reason: "Rétabli.", from: "facts_ended" as const };
  const content = make.incident({ facility: HERE, state: "closed", closure });
  const writes = [make.alert(), make.incidentPut(content)];
  await store.commit({ facility: HERE, at: ONCE, writes });
  const join: Write = { write: "join", incident: content.id, detections: [1] };
  await store.commit({
    facility: HERE,
    at: ONCE,
    writes: [join, { write: "cursor", name: "correlated", from: 0, to: 1 }],
  });
  return content;
}

function person(login: string, role: Role) {
  const content: Account = {
    ...{ id: `id-${login}`, login, name: login, role, function: "", email: "", phone: "" },
    ...{ active: true, created: NIGHT },
  };
  return record({ kind: "account", id: content.id, revision: 1, incident: null, state: role, content });
}

describe("tocsin retention", () => {
  it("plans by the rules that are proposed, changes nothing, and says that the daemon erases nothing", async () => {
    const store = openHouse(scene);
    const { reference } = await closed(store);
    const head = (await store.reads.journalEnd(HERE)).head?.seq;
    const said = await tocsin("retention", "plan");
    expect(said).toMatch(/^ {7}0 {2}dossiers {4}dossiers clos, 1825 jours$/m);
    expect(said).toContain(`1 dossier(s) over, proposed for elimination without a visa: ${reference}`);
    expect(said).toContain("no section `retention`");
    expect(said).toMatch(/plan only: nothing was changed\n$/);
    expect((await store.reads.journalEnd(HERE)).head?.seq).toBe(head);
    await store.close();
  });

  it("erases a dossier once its bundle stands in the archive and holds", async () => {
    const store = openHouse(scene);
    const { id, reference } = await closed(store);
    rules("public_archives: false");
    const archive = join(scene.folder, "archive");
    expect(await tocsin("retention", "apply", "--archive", archive)).toMatch(
      /^ {7}1 {2}dossiers .*2015-01-05/m,
    );
    expect(readdirSync(archive)).toEqual([`${HERE}-${reference}.json`]);
    const bundle = readFileSync(join(archive, `${HERE}-${reference}.json`));
    expect(verifyBundle(bundle)).toMatchObject({ ok: true, incident: id, alerts: 1 });
    expect((await store.reads.record(HERE, "incident", id))?.content.erased?.policy).toBe(
      "dossiers clos, 1825 jours",
    );
    await store.close();
    expect(await tocsin("export", reference)).toBe("");
    expect(scene.errors).toContain("erased on 20");
    expect(process.exitCode).toBe(1);
  });

  it.each(["a file of that name that is no bundle", "a folder that cannot be made"])(
    "erases nothing of a dossier that it cannot archive: %s",
    async (which) => {
      const store = openHouse(scene);
      const { id, reference } = await closed(store);
      rules("public_archives: false");
      const inFile = which.startsWith("a folder");
      const archive = inFile ? join(scene.config, "archive") : scene.folder;
      if (!inFile) writeFileSync(join(archive, `${HERE}-${reference}.json`), "{}");
      await tocsin("retention", "apply", "--archive", archive);
      expect(process.exitCode).toBe(1);
      expect((await store.reads.record(HERE, "incident", id))?.content.erased).toBeUndefined();
      expect(await store.reads.countAlerts(HERE)).toBe(1);
      await store.close();
    },
  );

  it("erases public archives only once a person who may records the visa on their list", async () => {
    const store = openHouse(scene);
    const { id, reference } = await closed(store);
    await store.commit({
      facility: HERE,
      at: NIGHT,
      writes: [person("dir", "director"), person("aud", "auditor")],
    });
    const list = {
      ...{ id: "liste-1", made: { at: NIGHT, account: "id-dir", name: "dir" }, policy: "dossiers clos" },
      ...{ dossiers: [{ incident: id, reference, occurred: NIGHT, closed: ONCE }], sha256: "0".repeat(64) },
      ...{ state: "proposed" as const, visa: null },
    };
    const put = {
      kind: "elimination",
      id: "liste-1",
      revision: 1,
      incident: null,
      state: "proposed",
    } as const;
    await store.commit({ facility: HERE, at: NIGHT, writes: [record({ ...put, content: list })] });
    expect(await tocsin("retention", "list", "liste-1")).toMatch(
      new RegExp(`^\\uFEFFRéférence,.*\\r\\n'?${reference},`),
    );
    const visa = ["--by", "Archives", "--date", "2026-11-30", "--reference", "V-12"];
    await tocsin("retention", "visa", "liste-1", "--as", "aud", ...visa);
    expect(process.exitCode).toBe(1);
    expect(await tocsin("retention", "apply")).toMatch(/^ {7}0 {2}dossiers /m);
    expect(await tocsin("retention", "visa", "liste-1", "--as", "dir", ...visa)).toContain("1 dossier(s)");
    expect(await tocsin("retention", "lists")).toMatch(
      /Visa enregistré, Archives, 2026-11-30, V-12\n0 dossier/,
    );
    expect(await tocsin("retention", "apply")).toMatch(/^ {7}1 {2}dossiers /m);
    await store.close();
    expect(existsSync(join(scene.folder, "archive"))).toBe(false);
  });
});

describe("tocsin subject", () => {
  it("tells what is held on a person, and journals who asked and why, never about whom", async () => {
    const store = openHouse(scene);
    const { id } = await closed(store);
    const account: Account = {
      ...{ id: "acc-7", login: "zelie", name: "Zélie Quint", role: "operator", function: "SIO" },
      ...{ email: "zelie@example.org", phone: "", active: true, created: NIGHT },
    };
    const put = record({
      kind: "account",
      id: "acc-7",
      revision: 1,
      incident: null,
      state: "operator",
      content: account,
    });
    const signed = {
      write: "note",
      what: "signed_in",
      incident: null,
      content: { account: "acc-7" },
    } as const;
    const told = { write: "note", what: "told", incident: id, content: { to: "ZELIE@example.org" } } as const;
    const make = samples();
    const alert = make.alert({ alert: { message: "logon of Zélie Quint\u001b[31m" } as never });
    await store.commit({ facility: HERE, at: NIGHT, writes: [put, signed, told, alert] });
    const said = await tocsin("subject", "zelie", "--by", "La DPO", "--why", "demande 2026-4");
    expect(said).toContain("- Zélie Quint, identifiant zelie, Opérateur");
    expect(said).toContain("Actes de ce compte au journal : 2");
    expect(said).toContain("Autres mentions dans le journal et les dossiers : 1");
    expect(said).toContain("Alertes conservées qui portent ces mots : 1");
    expect(said).not.toContain("\u001b");
    const [note] = await store.reads.journalOfHouse(HERE, {
      ...{ types: ["note.subject_exported"], from: 0, before: Number.MAX_SAFE_INTEGER, limit: 9 },
    });
    expect(JSON.parse(note?.content ?? "")).toEqual({ by: "La DPO", because: "demande 2026-4" });
    const json = JSON.parse(await tocsin("subject", "zelie", "--by", "La DPO", "--why", "bis", "--json"));
    expect(json).toMatchObject({ accounts: [{ login: "zelie" }], acts: { count: 2 }, alerts: { count: 1 } });
    await store.close();
  });

  it("refuses words that are in everything", async () => {
    await openHouse(scene).close();
    await tocsin("subject", "ab", "--by", "La DPO", "--why", "x");
    expect(process.exitCode).toBe(1);
    expect(scene.errors).toContain("words of 3 characters at least");
  });
});
