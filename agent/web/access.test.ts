import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changePerson } from "../../test/support/web-people.ts";
import { PASSWORD, type Scene, startScene } from "../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { createAccount, renewMeans } from "./accounts.ts";

const PAGE = "/chv/connexion";
const OWN = "/chv/acces";
let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const enter = async (fields: Record<string, string>, from?: Visitor) => {
  const person = from ?? visitor(scene);
  return { person, reply: await person.submit(PAGE, PAGE, fields) };
};
const house = () => ({ store: scene.store, clock: scene.clock, facility: { id: "chv", name: "CH" } });
const notes = async () =>
  (await scene.store.reads.journal("chv", 1, 1000))
    .filter(({ type }) => type.startsWith("note."))
    .map(({ type, content }) => ({ type, content: JSON.parse(content ?? "{}") }));
const codesOn = (html: string) =>
  [...html.matchAll(/<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})<\/code>/g)].map((each) => each[1] ?? "");

describe("recovery codes", () => {
  let person: Visitor;
  let codes: string[];
  beforeEach(async () => {
    person = visitor(scene);
    await person.signIn("claire");
    const reply = await person.submit(OWN, `${OWN}/codes`, { code: scene.code("claire") });
    codes = codesOn(reply.text);
    scene.clock.instant += MICROSECONDS.minute;
  });

  it("are ten, shown once, and kept hashed", async () => {
    expect(new Set(codes).size).toBe(10);
    expect((await person.get(OWN)).text).toContain("10 sur 10");
    const { factors } = await scene.store.reads.factors("chv", "acc-claire");
    expect(factors.recovery).toHaveLength(10);
    for (const code of codes) expect(JSON.stringify(factors)).not.toContain(code);
  });

  it("open a session in place of the one-time code, each once, journalled and told", async () => {
    const [code = ""] = codes;
    const typed = code.toLowerCase().replaceAll("-", " ");
    const fields = { login: "claire", password: PASSWORD, code: typed };
    expect((await enter(fields)).reply.status).toBe(303);
    expect((await enter(fields)).reply.status).toBe(401);
    expect(await notes()).toContainEqual({
      type: "note.recovery_code_used",
      content: { account: "acc-claire", name: "Dr claire", left: 9 },
    });
    expect(scene.alarms).toMatchObject([{ what: "recovery_code", left: 9 }]);
  });

  it("serve once when two use the same at the same moment", async () => {
    const fields = { login: "claire", password: PASSWORD, code: codes[1] ?? "" };
    const replies = await Promise.all([enter(fields), enter(fields), enter(fields)]);
    expect(replies.map(({ reply }) => reply.status).sort()).toEqual([303, 401, 401]);
  });

  it("are not used up with a wrong password, and serve nobody else", async () => {
    await enter({ login: "claire", password: "no", code: codes[2] ?? "" });
    expect((await enter({ login: "dora", password: PASSWORD, code: codes[2] ?? "" })).reply.status).toBe(401);
    expect((await enter({ login: "claire", password: PASSWORD, code: codes[2] ?? "" })).reply.status).toBe(
      303,
    );
  });

  it("stop serving when the person makes new ones", async () => {
    await person.submit(OWN, `${OWN}/codes`, { code: codes[3] ?? "" });
    expect((await enter({ login: "claire", password: PASSWORD, code: codes[4] ?? "" })).reply.status).toBe(
      401,
    );
  });

  it("are not made without the second factor", async () => {
    const reply = await person.submit(OWN, `${OWN}/codes`, { code: "000000" });
    expect(reply.status).toBe(403);
    expect(codesOn(reply.text)).toEqual([]);
    expect((await person.get(OWN)).text).toContain("10 sur 10");
  });
});

describe("accès de secours", () => {
  const PRINTED = "mot de passe de l'enveloppe";
  let recovery: string[];
  let account: string;
  let person: Visitor;
  beforeEach(async () => {
    const made = await createAccount(
      { ...house(), newId: uuidv7(scene.clock) },
      {
        login: "secours-1",
        name: "Accès de secours 1",
        role: "delegate",
        function: "",
        email: "",
        phone: "",
        password: PRINTED,
        sealedBy: "Dr dora",
      },
    );
    recovery = made.recovery;
    account = made.account.id;
    expect(made.totp).toBe("");
    const entered = await enter({ login: "secours-1", password: PRINTED, code: recovery[0] ?? "" });
    expect(entered.reply.status).toBe(303);
    person = entered.person;
  });

  it("tells people at once, marks the envelope open and the journal says so", async () => {
    expect(scene.alarms.map(({ what }) => what)).toEqual(["recovery_code", "emergency_access"]);
    const stored = await scene.store.reads.record("chv", "account", account);
    expect(stored?.content.emergency?.opened).toBe(scene.clock.now());
    expect((await notes()).map(({ type }) => type)).toContain("note.emergency_access");
  });

  it("asks who opened it before anything else, and says it on every page", async () => {
    expect((await person.get(OWN)).location).toBe("/chv/secours?suite=%2Fchv%2Facces");
    expect((await person.post(`${OWN}/sessions/autres`, {})).status).toBe(403);
    const fields = { name: "Mme Roux, cadre", reason: "annuaire mort" };
    const reply = await person.submit(
      `/chv/secours?suite=${encodeURIComponent(OWN)}`,
      "/chv/secours",
      fields,
    );
    expect(reply.location).toBe(OWN);
    const page = await person.get(OWN);
    expect(page.text).toContain("ACCÈS DE SECOURS");
    expect(page.text).toContain("ouvert par Mme Roux, cadre");
    expect((await notes()).at(-1)).toEqual({
      type: "note.emergency_holder",
      content: { account, holder: "Mme Roux, cadre", reason: "annuaire mort" },
    });
  });

  it("is sealed anew with another password and other codes, and its sessions end", async () => {
    const means = await renewMeans(house(), { account, password: "un autre mot de passe", by: "Dr dora" });
    expect((await person.get(OWN)).location).toContain("/connexion");
    const old = await enter({ login: "secours-1", password: PRINTED, code: recovery[1] ?? "" });
    expect(old.reply.status).toBe(401);
    const [code = ""] = means?.recovery ?? [];
    const fresh = await enter({ login: "secours-1", password: "un autre mot de passe", code });
    expect(fresh.reply.status).toBe(303);
  });
});

describe("sessions", () => {
  it("are listed with device and address, and ended one by one or all but this one", async () => {
    const [one, two, three] = [visitor(scene), visitor(scene), visitor(scene)];
    for (const each of [one, two, three]) await each.signIn("claire");
    const page = await one.get(OWN);
    expect(page.text.match(/Terminer<span/g)).toHaveLength(2);
    expect(page.text).toContain("127.0.0.1");
    await one.submit(OWN, `${OWN}/sessions/fin`, {});
    const open = await Promise.all([one, two, three].map(async (each) => (await each.get(OWN)).status));
    expect(open.sort()).toEqual([200, 200, 303]);
    await one.submit(OWN, `${OWN}/sessions/autres`, {});
    expect((await one.get(OWN)).status).toBe(200);
    expect((await two.get(OWN)).status + (await three.get(OWN)).status).toBe(606);
  });

  it("of another person cannot be ended, nor seen", async () => {
    const [claire, omar] = [visitor(scene), visitor(scene)];
    await claire.signIn("claire");
    await omar.signIn("omar");
    const second = visitor(scene);
    await second.signIn("claire");
    const mark = /name="mark" value="([0-9a-f]{16})"/.exec((await claire.get(OWN)).text)?.[1] ?? "";
    expect(mark).not.toBe("");
    await omar.submit(OWN, `${OWN}/sessions/autres`, {});
    const csrf = /name="csrf" value="([^"]+)"/.exec((await omar.get(OWN)).text)?.[1] ?? "";
    await omar.post(`${OWN}/sessions/fin`, { csrf, mark });
    expect((await second.get(OWN)).status).toBe(200);
    expect((await claire.get(OWN)).status).toBe(200);
  });

  it.each([
    ["the role", { role: "auditor" as const }],
    ["whether it is active", { active: false }],
  ])("end at once when %s changes", async (_what, change) => {
    const person = visitor(scene);
    await person.signIn("claire");
    expect((await person.get(OWN)).status).toBe(200);
    await changePerson(scene, "claire", change);
    expect((await person.get(OWN)).status).toBe(303);
  });

  it("end when nobody uses them, and last while someone does, up to their whole time", async () => {
    const strict = await startScene({
      access: { sessions: { idle: MICROSECONDS.hour, absolute: 3 * MICROSECONDS.hour } },
    });
    try {
      const person = visitor(strict);
      await person.signIn("claire");
      for (let turn = 0; turn < 3; turn++) {
        strict.clock.instant += 50 * MICROSECONDS.minute;
        expect((await person.get(OWN)).status).toBe(200);
      }
      strict.clock.instant += 40 * MICROSECONDS.minute;
      expect((await person.get(OWN)).status).toBe(303);
      await person.signIn("claire");
      strict.clock.instant += 61 * MICROSECONDS.minute;
      expect((await person.get(OWN)).status).toBe(303);
    } finally {
      await strict.close();
    }
  });
});

describe("guessing from outside", () => {
  const guess = async (person: Visitor, times: number) => {
    for (let i = 0; i < times; i++)
      await person.submit(PAGE, PAGE, { login: "dora", password: "no", code: "000000" });
  };

  it("does not keep out the director on a device that signed her in before, from the same address", async () => {
    const known = visitor(scene);
    await known.signIn("dora");
    await known.submit(OWN, "/chv/deconnexion", {});
    await guess(visitor(scene), 9);
    const stranger = await enter({ login: "dora", password: PASSWORD, code: scene.code("dora") });
    expect(stranger.reply.status).toBe(429);
    const director = await enter({ login: "dora", password: PASSWORD, code: scene.code("dora") }, known);
    expect(director.reply.status).toBe(303);
  });

  it("gives no one the count of a device that signed in another", async () => {
    const omar = visitor(scene);
    await omar.signIn("omar");
    await omar.submit(OWN, "/chv/deconnexion", {});
    await guess(omar, 8);
    const again = await enter({ login: "dora", password: "no", code: "000000" }, omar);
    expect(again.reply.status).toBe(429);
  });

  it("leaves no password, code or session in the log", async () => {
    const { person } = await enter({ login: "dora", password: "un secret tapé", code: "123456" });
    await person.signIn("dora");
    const log = scene.logged.join("\n");
    expect(log).toContain("sign-in refused");
    for (const secret of ["un secret tapé", "123456", PASSWORD, person.cookies.get("tocsin") ?? "-"])
      expect(log).not.toContain(secret);
  });
});
