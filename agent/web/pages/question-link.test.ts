import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../../test/support/real-desk.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { withoutCodes } from "./question-link.ts";

const REPORT = "/chv/incidents/signaler";
const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(1)</script>\u202e`;
const PERSON = {
  person: "care",
  name: "Mme Roux",
  function: "urgences",
  call_back: "01 23 45 67 89",
  hours: "24",
};
let scene: Scene;
beforeEach(async () => {
  scene = await startScene({ desk: realDesk });
});
afterEach(() => scene.close());

async function signedIn(login: Login) {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}

/** A reported incident, one of its questions, and who asks. */
async function incidentOf(login: Login = "omar") {
  const person = await signedIn(login);
  const told = { kinds: "degraded_mode", who: "care", name: "Mme Roux", text: "Tout est arrêté." };
  const { location } = await person.submit(REPORT, REPORT, told);
  const here = (location ?? "").split("?")[0] ?? "";
  const { text } = await person.get(`${here}/demandes`);
  const question = /demandes\?question=([^"]+)"/.exec(text)?.[1] ?? "";
  return { person, here, question };
}

/** Has the question put; the path of its link. */
async function asked(over: Record<string, string> = {}, login: Login = "omar") {
  const scenery = await incidentOf(login);
  const { person, here, question } = scenery;
  const done = await person.submit(`${here}/demandes?question=${question}`, `${here}/demandes`, {
    ...PERSON,
    ...over,
  });
  const { text } = await person.get(`${here}/demandes`);
  const path = new URL(/value="(http[^"]+\/question\/[^"]+)"/.exec(text)?.[1] ?? "http://none/none").pathname;
  return { ...scenery, done, text, path };
}
const tokenOf = (html: string) => /name="jeton" value="([^"]+)"/.exec(html)?.[1] ?? "";
const firstAnswer = (html: string) => /name="said" value="(=[^"]+)"/.exec(html)?.[1] ?? "";

describe("asking, on the pages", () => {
  it.each(["omar", "remi", "claire"] as const)(
    "%s finds it at the question, and gets link and code",
    async (login) => {
      const { person, here, done, text, path } = await asked({}, login);
      expect(done.status).toBe(303);
      expect(path).toMatch(/^\/chv\/question\/([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
      expect(text).toContain("Réponse attendue");
      expect((await person.get(here)).text + (await person.get(`${here}/declaration`)).text).toContain(
        "Faire poser cette question à quelqu’un",
      );
      expect((await person.get(here)).text).toContain("Posées par lien");
    },
  );

  it("is not for the auditor, who sees that it was asked and no code", async () => {
    const { here, path } = await asked();
    const anne = await signedIn("anne");
    const { text } = await anne.get(`${here}/demandes`);
    expect(text).toContain("Mme Roux");
    expect(text).not.toContain(path.split("/").at(-1));
    expect(text).not.toContain("Faire le lien");
  });

  it("gives back what was typed when it cannot be asked", async () => {
    const { done } = await asked({ name: "X", function: "urgences du matin" });
    expect(done.status).toBe(422);
    expect(done.text).toContain("Dites à qui la question est posée");
    expect(done.text).toContain("urgences du matin");
  });
});

describe("the page of a link", () => {
  it("shows the question, the facility and whom to ring back, and nothing else", async () => {
    const { here, path } = await asked();
    const outside = visitor(scene);
    const { status, text, headers } = await outside.get(path);
    expect(status).toBe(200);
    for (const words of [
      "Centre hospitalier du Val",
      "Mme Roux",
      "Dr omar",
      "01 23 45 67 89",
      "Je ne sais pas",
      "EXERCICE",
    ])
      expect(text).toContain(words);
    const incident = here.split("/").at(-1) ?? "?";
    for (const words of ["2026-0001", incident, "Tout est arrêté", "/incidents", "/connexion", "csrf"])
      expect(text).not.toContain(words);
    expect(text.match(/<a [^>]*>/g)).toEqual(['<a href="?langue=en" lang="en">']);
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-robots-tag")).toContain("noindex");
    expect(headers.get("content-security-policy")).toContain("script-src 'self'");
  });

  it("changes nothing when it is opened, by GET or HEAD, however often", async () => {
    const { path } = await asked();
    scene.written();
    for (const method of ["GET", "HEAD", "GET"])
      expect((await visitor(scene).get(path, { method })).status).toBe(200);
    expect(scene.written()).toEqual([]);
  });

  it("takes one answer, which whoever asked finds on the incident", async () => {
    const { person, here, path } = await asked();
    const outside = visitor(scene);
    const { text } = await outside.get(path);
    const done = await outside.post(path, { jeton: tokenOf(text), said: firstAnswer(text) });
    expect(done.status).toBe(200);
    expect(done.text).toContain("C’est noté");
    expect(done.headers.getSetCookie()).toEqual([]);
    const page = (await person.get(here)).text;
    expect(page).toContain("répondu par le lien envoyé à Mme Roux par Dr omar (attesté par le lien");
    expect(page).toContain("Répondu");
    // The journal says by which link; nobody signed in, nothing was decided.
    const types = (await scene.store.reads.journal("chv", 1, 1000)).map(({ type }) => type);
    expect(types.filter((type) => type === "question_link.put")).toHaveLength(2);
    expect(types).not.toContain("decision.put");
    for (const place of [here, "/chv/incidents", `${here}/decision`])
      expect((await outside.get(place)).status).toBe(303);
  });

  it.each([
    [{ said: "?" }, "Je ne sais pas"],
    [{ said: "@", instead: `${HOSTILE} le chef` }, "le chef"],
  ])("keeps %j in the dossier, escaped", async (fields, words) => {
    const { person, here, path } = await asked();
    const outside = visitor(scene);
    const jeton = tokenOf((await outside.get(path)).text);
    expect((await outside.post(path, { jeton, ...fields } as Record<string, string>)).status).toBe(200);
    for (const page of [here, `${here}/demandes`]) {
      const { text } = await person.get(page);
      expect(text).toContain(words);
      expect(text).not.toContain("<img src=x");
      expect(text).not.toContain("\u202e");
    }
  });

  it.each([
    ["no answer", {}, "Choisissez"],
    ["an unknown one", { said: "=nope" }, "Choisissez"],
    ["nobody else named", { said: "@", instead: " " }, "Dites à qui demander"],
    ["an hour to come", { said: "?", time: "23:59" }, "futur"],
  ])("says what is wrong of %s, and keeps the form's token", async (_what, fields, words) => {
    const { path } = await asked();
    const outside = visitor(scene);
    const jeton = tokenOf((await outside.get(path)).text);
    const done = await outside.post(path, { jeton, ...fields } as Record<string, string>);
    expect(done.status).toBe(422);
    expect(done.text).toContain(words);
    if ("said" in fields) expect(tokenOf(done.text)).toBe(jeton);
  });
});

/** What each does to a link before it is opened again; `post` answers with a token taken before. */
const USELESS: [
  string,
  (of: Awaited<ReturnType<typeof asked>>, jeton: string, said: string) => Promise<string>,
][] = [
  [
    "answered",
    async ({ path }, jeton, said) => {
      await visitor(scene).post(path, { jeton, said });
      return path;
    },
  ],
  [
    "expired",
    async ({ path }) => {
      scene.clock.instant += 25 * MICROSECONDS.hour;
      return path;
    },
  ],
  [
    "revoked",
    async ({ person, here, path }) => {
      await person.submit(`${here}/demandes`, `${here}/demandes/retrait`, {});
      return path;
    },
  ],
  ["tampered", async ({ path }) => path.slice(0, -1) + (path.endsWith("7") ? "8" : "7")],
  ["cut short", async ({ path }) => path.slice(0, -3)],
  ["invented", async () => "/chv/question/0000-0000-0000-0000"],
];

describe("a link that is of no use", () => {
  it.each(USELESS)(
    "%s: the same quiet page for GET and POST, and nothing is written",
    async (_what, spoil) => {
      const all = await asked();
      const outside = visitor(scene);
      const { text } = await outside.get(all.path);
      const fresh = tokenOf((await outside.get(all.path)).text);
      const path = await spoil(all, tokenOf(text), firstAnswer(text));
      scene.written();
      const read = await outside.get(path);
      const sent = await outside.post(path, { jeton: fresh, said: firstAnswer(text) });
      const none = await outside.get("/chv/question/ZZZZ-ZZZZ-ZZZZ-ZZZZ");
      expect([read.status, sent.status]).toEqual([404, 404]);
      expect(read.text).toBe(none.text);
      expect(sent.text).toBe(none.text);
      expect(read.text).toContain("rappelez la personne");
      expect(scene.written()).toEqual([]);
    },
  );

  it("answers a form from another site, or without our token, the same way", async () => {
    const { path } = await asked();
    const outside = visitor(scene);
    const { text } = await outside.get(path);
    const said = firstAnswer(text);
    scene.written();
    const body = new URLSearchParams({ jeton: tokenOf(text), said });
    for (const site of ["cross-site", "same-site"])
      expect(
        (await outside.get(path, { method: "POST", body, headers: { "sec-fetch-site": site } })).status,
      ).toBe(404);
    expect((await outside.post(path, { jeton: "x.y", said })).status).toBe(404);
    expect(scene.written()).toEqual([]);
  });

  it("is guessed at forty times from one place, then no more, which keeps nobody from signing in", async () => {
    const { path } = await asked();
    const outside = visitor(scene);
    for (let n = 0; n < 40; n++)
      expect((await outside.get("/chv/question/0000-0000-0000-0000")).status).toBe(404);
    const held = await outside.get("/chv/question/0000-0000-0000-0000");
    expect(held.status).toBe(429);
    expect(Number(held.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await outside.get(path)).status).toBe(429);
    await signedIn("remi");
  });
});

describe("the door for a code that was read out", () => {
  it("leads to the question, and says what a code is", async () => {
    const { path } = await asked();
    const code = path.split("/").at(-1) ?? "";
    const outside = visitor(scene);
    const { text } = await outside.get("/chv/question");
    expect(text).toContain("Le code que l’on vous a donné");
    const done = await outside.post(/action="([^"]+)"/.exec(text)?.[1] ?? "", {
      code: code.toLowerCase().replaceAll("-", " "),
    });
    expect(done.status).toBe(303);
    expect((await outside.get(done.location ?? "")).status).toBe(200);
    expect((await outside.post("/chv/question", { code: "bonjour" })).status).toBe(422);
  });
});

describe("what is written of a link", () => {
  it("holds its code nowhere: no log, no journal, no record", async () => {
    const { path } = await asked();
    const outside = visitor(scene);
    const { text } = await outside.get(path);
    await outside.post(path, { jeton: tokenOf(text), said: firstAnswer(text) });
    await outside.get(`${path}/x`);
    await outside.get(`${path}%ff`);
    for (let n = 0; n < 45; n++) await outside.get(path);
    const code = path.split("/").at(-1) ?? "?";
    const journal = JSON.stringify(await scene.store.reads.journal("chv", 1, 1000));
    for (const held of [scene.logged.join("\n"), journal])
      for (const each of [code, code.replaceAll("-", "")]) expect(held).not.toContain(each);
    expect(scene.logged.join()).toContain("links held back");
  });

  it.each([
    ["/chv/question/7K3D-9PQ2-M4XA-T8RW", "/chv/question/…"],
    ["/chv/question/7K3D9PQ2M4XAT8RW/more?x=1", "/chv/question/…/more?x=1"],
    ["/chv/incidents/a", "/chv/incidents/a"],
  ])("writes %s as %s", (path, written) => {
    expect(withoutCodes(path)).toBe(written);
  });
});

describe("the question in English", () => {
  it("is asked for by the address, without a cookie, and is answered the same", async () => {
    const { path } = await asked();
    const stranger = visitor(scene);
    const french = (await stranger.get(path)).text;
    expect(french).toContain('<a href="?langue=en" lang="en">English</a>');
    const { text, headers } = await stranger.get(`${path}?langue=en`);
    expect(text).toContain('<html lang="en">');
    expect(text).toContain("Send my answer");
    expect(text).not.toContain("Envoyer");
    expect(headers.getSetCookie()).toEqual([]);
    const form = { jeton: tokenOf(text), said: firstAnswer(text) };
    expect((await stranger.post(`${path}?langue=en`, form)).text).toContain("Noted, thank you");
  });

  it("is kept from the code to the question", async () => {
    const { path } = await asked();
    const stranger = visitor(scene);
    expect((await stranger.get("/chv/question?langue=en")).text).toContain(
      'action="/chv/question?langue=en"',
    );
    const code = path.split("/").at(-1) ?? "";
    const { location } = await stranger.post("/chv/question?langue=en", { code });
    expect(location).toMatch(/\/question\/\w+\?langue=en$/);
  });
});
