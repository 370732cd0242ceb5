import { createHash, randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type NotedIncident, notedIncident, signedIn } from "../../../test/support/noted-incident.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { startScene } from "../../../test/support/web-server.ts";
import type { Visitor } from "../../../test/support/web-visitor.ts";
import { hiddenFields, visitor } from "../../../test/support/web-visitor.ts";
import { ATTACHMENTS } from "../../core/logbook.ts";

const BYTES = Buffer.from(
  "From: editeur@example.org\r\nSubject: ticket 4711\r\n\r\n<script>alert(1)</script>",
);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const file = (name: string, bytes: Uint8Array<ArrayBuffer> | string = BYTES, type = "message/rfc822") =>
  new File([bytes], name, { type });

describe("attachments of the main courante", () => {
  let noted: NotedIncident;
  let remi: Visitor;
  let omar: Visitor;
  beforeAll(async () => {
    noted = await notedIncident();
    remi = await signedIn(noted.scene, "remi");
    omar = await signedIn(noted.scene, "omar");
  });
  afterAll(() => noted.scene.close());

  const notes = async () =>
    (await noted.scene.store.reads.ofIncident("chv", "logbook", noted.incident)).map(
      ({ content }) => content,
    );
  const last = async () => (await notes()).at(-1);
  /** Files that lie in the folder of what is being received. */
  const lying = () => readdirSync(noted.scene.uploads);
  const error = (text: string) =>
    /<strong>(Note non enregistrée[^<]*)<\/strong>/.exec(text)?.[1]?.replaceAll("&#39;", "'");

  it("keeps a file beside its note, lists it with size and fingerprint, and hands the same bytes over", async () => {
    const done = await noted.note(remi, { text: "Réponse de l'éditeur." }, [file("réponse éditeur.eml")]);
    expect([done.status, done.location]).toEqual([303, `${noted.page}?fait=note#chronologie`]);
    const note = await last();
    expect(note?.attachments).toEqual([
      { name: "réponse éditeur.eml", type: "message/rfc822", size: BYTES.length, sha256: sha256(BYTES) },
    ]);
    const { text } = await omar.get(noted.page);
    const path = `${noted.page}/notes/${note?.id}/pieces/1`;
    expect(text).toContain(`<a href="${path}" download>réponse éditeur.eml</a>`);
    expect(text).toContain(sha256(BYTES));
    const handed = await omar.get(path);
    expect(handed.status).toBe(200);
    expect(handed.text).toBe(BYTES.toString());
    expect(Object.fromEntries(handed.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": String(BYTES.length),
      "content-disposition": `attachment; filename="reponse editeur.eml"; filename*=UTF-8''r%C3%A9ponse%20%C3%A9diteur.eml`,
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "cache-control": "no-store",
    });
    const read = (await noted.scene.store.reads.journalOf("chv", noted.incident)).filter(
      ({ type }) => type === "note.attachment_read",
    );
    expect(read.map(({ content }) => JSON.parse(content ?? ""))).toEqual([
      { account: "acc-omar", name: "Dr omar", role: "operator", note: note?.id, sha256: sha256(BYTES) },
    ]);
  });

  it("works without files, as before, in both forms of the form", async () => {
    expect((await noted.note(remi, { text: "Sans pièce." })).status).toBe(303);
    expect(await last()).not.toHaveProperty("attachments");
    const fields = { date: "", time: "", text: "Sans multipart." };
    expect((await remi.submit(noted.page, `${noted.page}/notes`, fields)).status).toBe(303);
    expect((await last())?.text).toBe("Sans multipart.");
  });

  it("takes an empty choice of file, as browsers send it, for none", async () => {
    const done = await noted.note(remi, { text: "Rien choisi." }, [
      new File([], "", { type: "application/octet-stream" }),
    ]);
    expect(done.status).toBe(303);
    expect(await last()).not.toHaveProperty("attachments");
  });

  it("keeps the same bytes under two names, stored once", async () => {
    const done = await noted.note(remi, { text: "Deux fois." }, [file("a.eml"), file("b.eml")]);
    expect(done.status).toBe(303);
    expect((await last())?.attachments?.map(({ name, sha256 }) => [name, sha256])).toEqual([
      ["a.eml", sha256(BYTES)],
      ["b.eml", sha256(BYTES)],
    ]);
  });

  it("writes a form that is sent twice once", async () => {
    const before = (await notes()).length;
    const same = { form: "0198aaaa-0000-7000-8000-00000000abcd", text: "Un seul envoi." };
    await noted.note(remi, same, [file("x.txt", "x")]);
    expect((await noted.note(remi, same, [file("x.txt", "x")])).status).toBe(303);
    expect((await notes()).length).toBe(before + 1);
  });

  it.each<[string, readonly File[], string]>([
    [
      "an empty file",
      [file("ok.txt"), file("vide.log", "")],
      "Le fichier « vide.log » est vide : vérifiez-le, ou retirez-le.",
    ],
    [
      "a file over the limit",
      [file("ok.txt"), file("vidéo.mp4", new Uint8Array(ATTACHMENTS.bytes + 1))],
      "Le fichier « vidéo.mp4 » dépasse 10 Mo : réduisez-le, ou notez où il est gardé.",
    ],
    [
      "a file too many",
      ["1", "2", "3", "4", "5", "six"].map((name) => file(`${name}.txt`, name)),
      "Le fichier « six.txt » est de trop : 5 fichiers au plus. Joignez les suivants à une autre note.",
    ],
  ])("refuses %s by its name, keeps what was typed and nothing else", async (_, files, because) => {
    const before = (await notes()).length;
    const { status, text } = await noted.note(remi, { text: "À ne pas retaper." }, files);
    expect(status).toBeGreaterThanOrEqual(409);
    expect(error(text)).toBe(`Note non enregistrée : ${because}`);
    expect(text).toContain("À ne pas retaper.</textarea>");
    expect((await notes()).length).toBe(before);
    await expect.poll(lying).toEqual([]);
  });

  it("takes a file of exactly the limit", async () => {
    const whole = new Uint8Array(ATTACHMENTS.bytes).fill(7);
    expect((await noted.note(remi, { text: "Juste." }, [file("juste.bin", whole)])).status).toBe(303);
    const note = await last();
    const path = `${noted.page}/notes/${note?.id}/pieces/1`;
    expect((await remi.get(path)).headers.get("content-length")).toBe(String(ATTACHMENTS.bytes));
  });

  const part = (head: string, body = "") => `--b\r\n${head}\r\n\r\n${body}\r\n`;
  const field = (name: string, value: string) =>
    part(`Content-Disposition: form-data; name="${name}"`, value);
  const multipart = { "content-type": "multipart/form-data; boundary=b" };
  const given = (token: { csrf: string; form: string }) =>
    field("csrf", token.csrf) + field("form", token.form) + field("text", "Note.");
  const attached = (name: string, body: string) =>
    part(
      `Content-Disposition: form-data; name="${name}"; filename="f.txt"\r\nContent-Type: text/plain`,
      body,
    );

  it.each<[string, (token: { csrf: string; form: string }) => RequestInit, number, string]>([
    [
      "a multipart body cut short",
      (token) => ({ headers: multipart, body: given(token) + attached("files", "abc").slice(0, -2) }),
      422,
      "L'envoi s'est interrompu avant la fin : recommencez",
    ],
    [
      "a file without a name",
      (token) => ({
        headers: multipart,
        body: `${given(token)}${part('Content-Disposition: form-data; name="files"; filename=""\r\nContent-Type: text/plain', "abc")}--b--\r\n`,
      }),
      422,
      "Un fichier est arrivé sans nom",
    ],
    [
      "a file under another field",
      (token) => ({ headers: multipart, body: `${given(token)}${attached("autre", "abc")}--b--\r\n` }),
      422,
      "Le fichier « f.txt » n'est pas attendu à cet endroit du formulaire.",
    ],
    [
      "too many parts",
      (token) => ({
        headers: multipart,
        body: `${given(token)}${Array.from({ length: 60 }, (_, n) => field(`x${n}`, "1")).join("")}--b--\r\n`,
      }),
      422,
      "Ce formulaire a trop de parties",
    ],
    [
      "a multipart body without its boundary",
      (token) => ({ headers: { "content-type": "multipart/form-data" }, body: given(token) }),
      403,
      "Formulaire périmé",
    ],
    [
      "another type of content",
      ({ csrf }) => ({ headers: { "content-type": "application/json" }, body: JSON.stringify({ csrf }) }),
      400,
      "sous une forme que Tocsin ne lit pas",
    ],
    [
      "a form of another session",
      ({ form }) => ({
        headers: multipart,
        body: `${given({ csrf: "x", form })}${attached("files", "abc")}--b--\r\n`,
      }),
      403,
      "Formulaire périmé",
    ],
  ])("answers %s clearly, and keeps nothing", async (_, body, status, said) => {
    const before = (await notes()).length;
    const reply = await noted.raw(remi, body);
    expect(reply.status).toBe(status);
    expect(reply.text.replaceAll("&#39;", "'")).toContain(said);
    expect((await notes()).length).toBe(before);
    await expect.poll(lying).toEqual([]);
  });

  it("refuses files where none is expected", async () => {
    const body = new FormData();
    body.append("files", file("a.txt"));
    const reply = await remi.get(`${noted.page}/reponse`, { method: "POST", body });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain("Cette page ne prend pas de fichier");
  });

  it("takes nothing from who may not write here, or is not signed in, and receives none of it", async () => {
    const anne = await signedIn(noted.scene, "anne");
    expect((await noted.note(anne, { text: "x" }, [file("a.txt")])).status).toBe(403);
    expect((await noted.note(visitor(noted.scene), { text: "x" }, [file("a.txt")])).status).toBe(401);
    await expect.poll(lying).toEqual([]);
  });

  it.each([
    ["a number that is none", "notes/NOTE/pieces/0"],
    ["a number over those there are", "notes/NOTE/pieces/2"],
    ["a path instead of a number", "notes/NOTE/pieces/..%2f1"],
    ["an unknown note", "notes/0198aaaa-0000-7000-8000-000000000000/pieces/1"],
  ])("finds nothing under %s", async (_, path) => {
    await noted.note(remi, { text: "Une." }, [file("une.txt")]);
    const { id = "" } = (await last()) ?? {};
    expect((await remi.get(`${noted.page}/${path.replace("NOTE", id)}`)).status).toBe(404);
  });

  it("hands a file over by its own incident only, and to people who are signed in", async () => {
    await noted.note(remi, { text: "Une." }, [file("une.txt")]);
    const { id } = (await last()) ?? {};
    expect((await remi.get(`/chv/incidents/inc-1/notes/${id}/pieces/1`)).status).toBe(404);
    const stranger = await visitor(noted.scene).get(`${noted.page}/notes/${id}/pieces/1`);
    expect([stranger.status, stranger.location]).toEqual([303, expect.stringContaining("/chv/connexion")]);
  });

  it("refuses what would be more than an incident may hold, and says how much it holds", async () => {
    const other = await notedIncident();
    try {
      const person = await signedIn(other.scene, "remi");
      const big = (n: number) => {
        const bytes = new Uint8Array(ATTACHMENTS.bytes);
        bytes[0] = n;
        return file(`${n}.bin`, bytes);
      };
      for (const first of [0, 5]) {
        const five = Array.from({ length: 5 }, (_, n) => big(first + n + 1));
        expect((await other.note(person, { text: "Cinq." }, five)).status).toBe(303);
      }
      expect((await other.note(person, { text: "Les mêmes." }, [big(1)])).status).toBe(303);
      const { status, text } = await other.note(person, { text: "De trop." }, [file("de trop.txt")]);
      expect(status).toBe(409);
      expect(error(text)).toContain(
        "Le fichier « de trop.txt » ne tient plus : les pièces de cet incident font 100 Mo, 100 Mo au plus.",
      );
    } finally {
      await other.scene.close();
    }
  }, 30_000);

  describe("one that should never have been put there", () => {
    const PHOTO = file("patient.jpg", "photo de DUPONT", "image/jpeg");
    const motif = "Photo d'un patient, jointe par erreur.";
    let path: string;
    let director: Visitor;
    const erase = async (person: Visitor, fields: Record<string, string>) => {
      const { csrf = "" } = hiddenFields((await person.get(noted.page)).text, `${noted.page}/notes`);
      return person.post(`${path}/effacer`, { csrf, ...fields });
    };
    beforeEach(async () => {
      await noted.note(remi, { text: "Photo de l'écran." }, [new File([randomUUID()], "patient.jpg"), PHOTO]);
      path = `${noted.page}/notes/${(await last())?.id}/pieces/1`;
    });
    beforeAll(async () => {
      director = await signedIn(noted.scene, "dora");
    });

    it("is erased by the RSSI or the director with a reason, and nobody gets it any more", async () => {
      for (const person of [remi, director]) {
        await noted.note(remi, { text: "Encore." }, [new File([randomUUID()], "photo d'écran.jpg")]);
        const note = await last();
        path = `${noted.page}/notes/${note?.id}/pieces/1`;
        expect((await person.get(noted.page)).text).toContain(`action="${path}/effacer"`);
        const done = await erase(person, { motif });
        expect([done.status, done.location]).toEqual([303, `${noted.page}?fait=piece#main-courante`]);
        const { status, text } = await omar.get(path);
        expect([status, text.includes("Cette pièce jointe a été effacée le")]).toEqual([410, true]);
        const page = (await omar.get(noted.page)).text.replaceAll("&#39;", "'");
        expect(page).not.toContain(`href="${path}"`);
        expect(page).toMatch(new RegExp(`${note?.attachments?.[0]?.sha256}[^]{0,200}motif\\s: ${motif}`));
      }
    });

    it("stays erased when the form is sent twice, with the first reason", async () => {
      const note = await last();
      expect((await erase(remi, { motif })).status).toBe(303);
      expect((await erase(director, { motif: "Un tout autre motif." })).status).toBe(303);
      const [told] = await noted.scene.store.reads.erasedAttachments("chv", [
        note?.attachments?.[0]?.sha256 ?? "",
      ]);
      expect(told).toMatchObject({ by: { account: "acc-remi" }, because: motif });
    });

    it("cannot be attached again, by anybody", async () => {
      const again = new File([randomUUID()], "encore.jpg");
      await noted.note(remi, { text: "Une." }, [again]);
      path = `${noted.page}/notes/${(await last())?.id}/pieces/1`;
      await erase(remi, { motif });
      const { status, text } = await noted.note(omar, { text: "Une autre." }, [again]);
      expect(status).toBe(409);
      expect(error(text)).toMatch(/« encore.jpg » a été effacé le .* par .* : il ne peut pas être joint de/);
    });

    it.each([
      ["without a reason", { motif: "" }, 422],
      ["for a reason too short", { motif: "erreur" }, 422],
    ])("is not erased %s", async (_, fields, status) => {
      expect((await erase(remi, fields)).status).toBe(status);
      expect((await omar.get(path)).status).toBe(200);
    });

    it("is not erased by who may only write notes, who is offered no such thing", async () => {
      expect((await omar.get(noted.page)).text).not.toContain("/effacer");
      expect((await erase(omar, { motif })).status).toBe(403);
      expect((await omar.get(path)).status).toBe(200);
    });

    it("is not erased by the address of another incident, nor of no attachment", async () => {
      path = path.replace(noted.incident, "inc-1");
      expect((await erase(remi, { motif })).status).toBe(404);
      path = `${noted.page}/notes/${(await last())?.id}/pieces/9`;
      expect((await erase(remi, { motif })).status).toBe(404);
    });
  });

  it("hands nothing over of a dossier under the secret of national defence", async () => {
    const other = await notedIncident();
    try {
      const person = await signedIn(other.scene, "remi");
      await other.note(person, { text: "Une." }, [file("une.txt")]);
      const [note] = await other.scene.store.reads.ofIncident("chv", "logbook", other.incident);
      const path = `${other.page}/notes/${note?.content.id}/pieces/1`;
      expect((await person.get(path)).status).toBe(200);
      await person.submit(other.page, `${other.page}/secret`, { secret: "oui" });
      expect((await person.get(path)).status).toBe(404);
    } finally {
      await other.scene.close();
    }
  });
});

describe("the printed page", () => {
  it("lists what lies beside the notes, with size and fingerprint, apart from the text", async () => {
    const dossier = sceneDossier();
    const author = { account: "acc-remi", name: "Rémi Roux" };
    const attachments = [{ name: "photo.jpg", type: "image/jpeg", size: 1_200_000, sha256: "ab".repeat(32) }];
    const at = dossier.incident.occurred;
    dossier.notes.push({ id: "n1", incident: "inc-1", at, about: at, author, text: "Vu.", attachments });
    const by = { account: "acc-dora", name: "Dora Blanc" };
    dossier.erased.push({ sha256: "ab".repeat(32), at, by, because: "Photo d'un patient." });
    const scene = await startScene({ dossier });
    try {
      const { text } = await (await signedIn(scene, "anne")).get(
        "/chv/incidents/inc-1/declaration/1/imprimer",
      );
      expect(text).toContain("Pièces de la main courante (hors déclaration)");
      expect(text).toMatch(/photo\.jpg<\/th><td><p class="val">1,2 Mo, joint .* par Rémi Roux/);
      expect(text).toContain(`SHA-256 ${"ab".repeat(32)}`);
      expect(text).toMatch(/effacée le .* par Dora Blanc, motif\s: Photo d&#39;un patient\./);
    } finally {
      await scene.close();
    }
  });
});
