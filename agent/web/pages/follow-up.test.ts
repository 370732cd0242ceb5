import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotedIncident, notedIncident, signedIn } from "../../../test/support/noted-incident.ts";
import { hiddenFields, type Visitor } from "../../../test/support/web-visitor.ts";

const HOSTILE = `<script>alert(1)</script>`;

describe("the follow-up of an incident", () => {
  let noted: NotedIncident;
  let page: string;
  let omar: Visitor;
  let remi: Visitor;
  beforeAll(async () => {
    noted = await notedIncident();
    page = `${noted.page}/suivi`;
    remi = await signedIn(noted.scene, "remi");
    omar = await signedIn(noted.scene, "omar");
  });
  afterAll(() => noted.scene.close());

  const read = async (person: Visitor) => (await person.get(page)).text;
  const records = async <K extends "exchange" | "recommendation" | "partner" | "accompaniment">(kind: K) =>
    (await noted.scene.store.reads.ofIncident("chv", kind, noted.incident)).map(({ content }) => content);
  /** Sends one of the page's forms, with its tokens. */
  const send = async (person: Visitor, path: string, fields: Record<string, string>) =>
    person.post(`${page}/${path}`, { ...hiddenFields(await read(person), `${page}/${path}`), ...fields });
  /** The same with files. */
  async function exchange(person: Visitor, fields: Record<string, string>, files: readonly File[] = []) {
    const body = new FormData();
    const given = { ...hiddenFields(await read(person), `${page}/echanges`), ...fields };
    for (const [name, value] of Object.entries(given)) body.set(name, value);
    for (const file of files) body.append("files", file);
    return person.get(`${page}/echanges`, { method: "POST", body });
  }

  it("takes a message that was pasted with its file, and shows the authority's state with its date", async () => {
    const file = new File(["accusé"], "accusé.eml", { type: "message/rfc822" });
    const typed = { kind: "acknowledgement", subject: HOSTILE, text: HOSTILE, informed: "ARS et HFDS" };
    const done = await exchange(omar, typed, [file]);
    expect([done.status, done.location]).toEqual([303, `${page}?fait=echange#echanges`]);
    const [kept] = await records("exchange");
    expect(kept).toMatchObject({ kind: "acknowledgement", party: "cert_sante", subject: HOSTILE });
    const text = await read(omar);
    expect(text).not.toContain(HOSTILE);
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).toMatch(/<dt>Pris en compte<\/dt><dd><strong>/);
    expect(text).toContain("ARS et HFDS");
    const handed = await remi.get(`${noted.page}/notes/${kept?.id}/pieces/1`);
    expect([handed.status, handed.text]).toEqual([200, "accusé"]);
  });

  it("says how much time a request leaves, and gives what cannot be taken back to its writer", async () => {
    const wrong = await exchange(omar, {
      kind: "information_request",
      subject: "Combien ?",
      due_date: "2020-01-01",
    });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain("La réponse est attendue avant le message");
    expect(wrong.text).toContain('value="Combien ?"');
    const asked = { kind: "information_request", subject: "Combien ?", due_date: "2030-01-01" };
    expect((await exchange(omar, asked)).status).toBe(303);
    expect(await read(omar)).toMatch(/Reste \d+ j/);
  });

  it("answers a request by a message that was sent", async () => {
    const open = (await records("exchange")).find(({ state }) => state === "open");
    const sent = { direction: "sent", subject: "212 personnes", thread: `rep:${open?.id}` };
    expect((await exchange(omar, sent)).status).toBe(303);
    expect(await read(omar)).toContain("Répondu par un message");
  });

  it("shows a request with its answers as one thread, late ones first, then the newest", async () => {
    const late = { kind: "information_request", subject: "Question tardive", party: "ars" };
    const yesterday = new Date((noted.scene.clock.instant - 40 * 3600e6) / 1000).toISOString().slice(0, 10);
    const due = new Date((noted.scene.clock.instant - 20 * 3600e6) / 1000).toISOString().slice(0, 10);
    const at = { date: yesterday, time: "00:05", due_date: due, due_time: "00:10" };
    expect((await exchange(omar, { ...late, ...at })).status).toBe(303);
    noted.scene.clock.instant += 60e6;
    expect((await exchange(omar, { subject: "Bonjour" })).status).toBe(303);
    const text = await read(omar);
    const threads = text.split('<details class="panel thread"').slice(1);
    expect(threads.map((each) => /<h3>([^<]*)/.exec(each)?.[1])).toEqual([
      "Question tardive",
      "Bonjour",
      "Combien ?",
      "&lt;script&gt;alert(1)&lt;/script&gt;",
    ]);
    expect(threads[0]).toContain("En retard");
    // The question, then what answered it.
    expect(threads[2]).toMatch(/2 messages(.|\n)*Combien \?(.|\n)*212 personnes/);
  });

  it("takes recommendations, accompaniment and who was told, each in the name of who wrote it", async () => {
    const advice = { kind: "urgent", text: "Couper le VPN.", from: "CERT Santé", owner: "Réseau" };
    expect((await send(remi, "recommandations", advice)).status).toBe(303);
    const [recommendation] = await records("recommendation");
    const settled = { recommendation: recommendation?.id ?? "", state: "done", because: "" };
    expect(
      (await remi.post(`${page}/recommandations/etat`, { ...csrf(await read(remi)), ...settled })).status,
    ).toBe(303);
    expect((await send(remi, "accompagnement", { of: "CERT Santé", text: "" })).status).toBe(303);
    const told = { item: "samu", state: "told", who: "Régulateur" };
    expect((await omar.post(`${page}/prevenus`, { ...csrf(await read(omar)), ...told })).status).toBe(303);
    expect(await records("recommendation")).toMatchObject([{ state: "done", by: { name: "Dr remi" } }]);
    expect(await records("accompaniment")).toMatchObject([{ state: "requested" }]);
    expect(await records("partner")).toMatchObject([{ item: "samu", who: "Régulateur" }]);
  });

  it("lets nobody end what was never declared", async () => {
    const settling = { kind: "resolution", reason: "Tout est rétabli depuis hier." };
    const refused = await remi.post(`${page}/objet`, { ...csrf(await read(remi)), ...settling });
    expect([refused.status, refused.text.includes("Rien n&#39;est déclaré")]).toEqual([409, true]);
  });

  it("shows an auditor everything and no form", async () => {
    const anne = await signedIn(noted.scene, "anne");
    const text = await read(anne);
    expect(text).toContain("Couper le VPN.");
    expect(text).not.toContain(`action="${page}`);
    const token = csrf(text);
    expect((await anne.post(`${page}/echanges/annuler`, { ...token, exchange: "x" })).status).toBe(403);
  });

  it("shows nothing of a dossier under the secret of national defence", async () => {
    await remi.post(`${noted.page}/secret`, { ...csrf(await read(remi)), secret: "oui" });
    const { status, text } = await remi.get(page);
    expect(status).toBe(409);
    expect(text).not.toContain("Couper le VPN.");
  });
});

const csrf = (text: string) => ({ csrf: /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "" });

describe("the bulletins of the information service", () => {
  let noted: NotedIncident;
  let remi: Visitor;
  const page = "/chv/bulletins";
  beforeAll(async () => {
    noted = await notedIncident();
    remi = await signedIn(noted.scene, "remi");
  });
  afterAll(() => noted.scene.close());
  const send = async (path: string, fields: Record<string, string>) => {
    const { text } = await remi.get(page);
    return remi.post(path, { ...hiddenFields(text, path), ...fields });
  };

  it("are listed with the systems that they are about, and what came of them", async () => {
    const bulletin = { title: HOSTILE, address: "javascript:alert(1)", systems: "pacs" };
    expect((await send(page, bulletin)).location).toBe(`${page}?fait=bulletin`);
    const { text } = await remi.get(page);
    expect(text).not.toContain(HOSTILE);
    expect(text).not.toContain('href="javascript');
    const [kept] = await noted.scene.store.reads.byState("chv", "bulletin", [], { limit: 5 });
    expect(kept?.content).toMatchObject({ systems: ["pacs"], state: "unread", by: { name: "Dr remi" } });
    const settled = { bulletin: kept?.content.id ?? "", state: "handled", because: "Correctif posé le 12." };
    expect((await send(`${page}/etat`, settled)).status).toBe(303);
    const again = { ...csrf((await remi.get(page)).text), ...settled };
    expect((await remi.post(`${page}/etat`, again)).status).toBe(409);
    expect((await send(page, { title: "x", systems: "inconnu" })).status).toBe(422);
  });

  it("have subscribers, who end", async () => {
    expect((await send(`${page}/abonnes`, { name: "Ève Petit", email: "eve@example.org" })).status).toBe(303);
    const [kept] = await noted.scene.store.reads.byState("chv", "subscriber", [], { limit: 5 });
    expect((await remi.get(page)).text).toContain("Ève Petit");
    const ended = { subscriber: kept?.content.id ?? "" };
    expect((await send(`${page}/abonnes/fin`, ended)).location).toBe(`${page}?fait=fin`);
    const [after] = await noted.scene.store.reads.byState("chv", "subscriber", ["ended"], { limit: 5 });
    expect(after?.content.ended?.by.name).toBe("Dr remi");
  });
});
