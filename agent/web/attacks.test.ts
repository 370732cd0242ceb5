import { createServer } from "node:http";
import { Secret, TOTP } from "otpauth";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../test/support/real-desk.ts";
import { changePerson } from "../../test/support/web-people.ts";
import { type Login, PASSWORD, type Scene, startScene } from "../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import type { Desk } from "../stages/desk/desk.ts";
import { createAccount } from "./accounts.ts";
import { decisionsApi } from "./decisions-api.ts";
import { operationsApp } from "./operations.ts";
import { SESSION_LIMITS } from "./session-store.ts";

const PAGE = "/chv/connexion";
const OWN = "/chv/acces";
const DECISION = "/chv/incidents/inc-1/decision";
let scene: Scene;
afterEach(() => scene.close());

const enter = async (login: Login): Promise<Visitor> => {
  const who = visitor(scene);
  await who.signIn(login);
  return who;
};
const csrfOf = (html: string) => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
const readings = async () =>
  (await scene.store.reads.journal("chv", 1, 1000)).filter(({ type }) => type === "note.dossier_read");

describe("who tries codes", () => {
  beforeEach(async () => {
    scene = await startScene({ localhost: true });
  });

  it("holds no colleague in the same place back from deciding", async () => {
    const claire = await enter("claire");
    const form = hiddenFields((await claire.get(DECISION)).text, `${DECISION}/valider`);
    for (let session = 0; session < 6; session++) {
      const omar = await enter("omar");
      const csrf = csrfOf((await omar.get(OWN)).text);
      for (let i = 0; i < 8; i++) {
        const fields = { ...form, csrf, six: form.sha256?.slice(0, 6) ?? "", entendu: "oui", code: "000000" };
        await omar.post("/chv/incidents/inc-1/decision-orale/ecouter", fields);
      }
    }
    const done = await claire.submit(DECISION, `${DECISION}/valider`, { code: scene.code("claire") });
    expect(done.status).toBe(303);
  });

  it("gets no more by opening session after session", async () => {
    const statuses: number[] = [];
    for (let session = 0; session < 7; session++) {
      const claire = await enter("claire");
      for (let i = 0; i < 7; i++)
        statuses.push((await claire.submit(OWN, `${OWN}/codes`, { code: "000000" })).status);
    }
    expect(statuses.filter((status) => status === 403)).toHaveLength(40);
    expect(statuses.slice(40)).toEqual(Array(9).fill(429));
  });

  it("closes no passkey sign-in to a browser that the person came in by before", async () => {
    const claire = await enter("claire");
    const garbage = (account: string) =>
      JSON.stringify({
        id: "AA",
        rawId: "AA",
        type: "public-key",
        response: {
          clientDataJSON: "AA",
          authenticatorData: "AA",
          signature: "AA",
          userHandle: Buffer.from(account).toString("base64url"),
        },
      });
    const stranger = visitor(scene);
    let last = 0;
    for (let i = 0; i < 45; i++)
      last = (await stranger.submit(PAGE, `${PAGE}/cle`, { passkey: garbage("acc-claire") })).status;
    expect(last).toBe(429);
    await claire.submit(OWN, "/chv/deconnexion", {});
    const known = await claire.submit(PAGE, `${PAGE}/cle`, { passkey: garbage("acc-claire") });
    expect(known.status).toBe(401);
  });

  it("uses a one-time code once, in two sessions at the same moment", async () => {
    const [one, two] = [await enter("claire"), await enter("claire")];
    const code = scene.code("claire");
    const replies = await Promise.all([one, two].map((who) => who.submit(OWN, `${OWN}/codes`, { code })));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 403]);
  });
});

describe("a reading of a dossier", () => {
  beforeEach(async () => {
    scene = await startScene({ desk: realDesk });
  });

  it("is journalled whatever the case of the address", async () => {
    const claire = await enter("claire");
    const opened = await claire.submit("/chv/incidents/signaler", "/chv/incidents/signaler", {
      kinds: "degraded_mode",
      who: "self",
    });
    const path = opened.location?.split("?")[0] ?? "";
    const anne = await enter("anne");
    expect((await anne.get(path.replace("/incidents/", "/INCIDENTS/"))).status).toBe(200);
    const seen = (await readings()).map(({ content }) => JSON.parse(content ?? "{}").account);
    expect(seen).toContain("acc-anne");
  });
});

describe("a session", () => {
  const limits = { ...SESSION_LIMITS, idle: 2 * MICROSECONDS.hour };
  beforeEach(async () => {
    scene = await startScene({ access: { sessions: limits } });
  });

  it("ends unused, though a page left open goes on asking what is new", async () => {
    const claire = await enter("claire");
    const background = { headers: { "x-tocsin-background": "1" } };
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push((await claire.get("/chv/incidents/version", background)).status);
      scene.clock.instant += 30 * MICROSECONDS.minute;
    }
    expect(statuses).toEqual([200, 200, 200, 200, 303]);
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ["the role changes", () => changePerson(scene, "claire", { role: "auditor" }), 303],
    ["the account is closed", () => changePerson(scene, "claire", { active: false }), 303],
    ["nothing changes", async () => undefined, 200],
  ])("stands or ends when %s", async (_what, act, status) => {
    const claire = await enter("claire");
    await act();
    expect((await claire.get(OWN)).status).toBe(status);
  });

  it("decides no more once the delegation has ended, the page open or not", async () => {
    const claire = await enter("claire");
    const form = hiddenFields((await claire.get(DECISION)).text, `${DECISION}/valider`);
    const act = { from: 0, until: scene.clock.now(), by: "x", document: "d", scope: "", published: "" };
    await changePerson(scene, "claire", { delegations: [{ ...act, recorded: { at: 0, by: "x" } }] });
    const reply = await claire.post(`${DECISION}/valider`, { ...form, code: scene.code("claire") });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain("délégation");
    expect(scene.desk.dossiers[0]?.decisions).toEqual([]);
  });
});

describe("who gave a person their means", () => {
  beforeEach(async () => {
    scene = await startScene();
  });

  it("opens nothing with them once the person made their own, and no session stands", async () => {
    const claire = await enter("claire");
    const other = await enter("claire");
    const reply = await claire.submit(OWN, `${OWN}/moyens`, { code: scene.code("claire") });
    expect(reply.status).toBe(200);
    const [password, secret] = [...reply.text.matchAll(/<dd><code>([^<]+)<\/code>/g)]
      .map((each) => each[1] ?? "")
      .slice(1);
    for (const who of [claire, other]) expect((await who.get(OWN)).status).toBe(303);
    scene.clock.instant += MICROSECONDS.minute;
    const old = { login: "claire", password: PASSWORD, code: scene.code("claire") };
    expect((await visitor(scene).submit(PAGE, PAGE, old)).status).toBe(401);
    const totp = new TOTP({ secret: Secret.fromBase32(secret ?? ""), digits: 6, period: 30 });
    const code = totp.generate({ timestamp: scene.clock.now() / 1000 });
    const now = { login: "claire", password: password ?? "", code };
    expect((await visitor(scene).submit(PAGE, PAGE, now)).status).toBe(303);
    expect(JSON.stringify(await scene.store.reads.journal("chv", 1, 1000))).toContain("note.means_renewed");
  });

  it("is not asked for them without the second factor", async () => {
    const claire = await enter("claire");
    expect((await claire.submit(OWN, `${OWN}/moyens`, { code: "000000" })).status).toBe(403);
    expect((await claire.get(OWN)).status).toBe(200);
  });
});

describe("every answer", () => {
  beforeEach(async () => {
    scene = await startScene();
  });

  it.each([PAGE, "/chv/nulle-part", "/chv/incidents", "/assets/page.js", "/api/v1/decisions"])(
    "to %s is framed by nobody, says little and allows nothing of the machine",
    async (path) => {
      const { headers } = await visitor(scene).get(path);
      const policy = headers.get("content-security-policy") ?? "";
      for (const rule of [
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
      ])
        expect(policy).toContain(rule);
      expect(Object.fromEntries(headers)).toMatchObject({
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": expect.stringContaining("camera=()"),
      });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      if (!path.startsWith("/assets/")) expect(headers.get("cache-control")).toBe("no-store");
    },
  );

  it("takes no word of a stranger on the address, the host or the scheme", async () => {
    const claire = await enter("claire");
    const reply = await claire.get("/chv/incidents", {
      headers: { "x-forwarded-host": "evil.example", host: "evil.example", forwarded: "host=evil.example" },
    });
    expect(reply.text).not.toContain("evil.example");
    const out = await visitor(scene).get("/", { headers: { "x-forwarded-host": "evil.example" } });
    expect(out.location).toBe("/chv/incidents");
  });
});

describe("one human with two accounts", () => {
  let desk: Desk;
  let id: string;
  let page: string;
  beforeEach(async () => {
    scene = await startScene({
      desk: async (parts) => {
        desk = await realDesk(parts);
        id = desk.newForm();
        const source = { who: "self", name: "" } as const;
        await desk.openByHand(
          { form: id, kinds: ["degraded_mode"], systems: [], source, text: "" },
          { id: "acc-claire", name: "Dr claire", role: "delegate", active: true },
        );
        return desk;
      },
    });
    page = `/chv/incidents/${id}/decision`;
    const claire = await enter("claire");
    const asked = await claire.submit(page, `${page}/ecarter`, {
      comment: "Exercice interne de l'astreinte.",
      code: scene.code("claire"),
    });
    expect(asked.location).toBe(`${page}?fait=attend`);
    scene.clock.instant += MICROSECONDS.minute;
  });
  const decided = async () => (await desk.dossier(id))?.decisions.length;

  it.each([
    ["the same name", { name: "Claire" }],
    ["the same name, written otherwise", { name: "Mme CLAÏRE" }],
  ])("is not the second person: %s", async (_what, change) => {
    await changePerson(scene, "dora", change);
    const dora = await enter("dora");
    const reply = await dora.submit(page, `${page}/confirmer`, { code: scene.code("dora") });
    expect(reply.status).toBe(409);
    expect(reply.text).toContain("une autre personne doit confirmer");
    expect(await decided()).toBe(0);
  });

  it("is not the second person: the same identity at the provider", async () => {
    await changePerson(scene, "claire", { identity: "8990000001" });
    await changePerson(scene, "dora", { identity: "8990000001" });
    const dora = await enter("dora");
    expect((await dora.submit(page, `${page}/confirmer`, { code: scene.code("dora") })).status).toBe(409);
    expect(await decided()).toBe(0);
  });

  it("is not the second person behind an accès de secours opened in the same name", async () => {
    const made = await createAccount(
      {
        store: scene.store,
        clock: scene.clock,
        facility: { id: "chv", name: "CH" },
        newId: uuidv7(scene.clock),
      },
      {
        login: "secours-1",
        name: "Accès de secours 1",
        role: "director",
        function: "",
        email: "",
        phone: "",
        password: PASSWORD,
        sealedBy: "Dr dora",
      },
    );
    const [first = "", second = "", third = ""] = made.recovery;
    const open = async (code: string, name: string) => {
      const who = visitor(scene);
      await who.submit(PAGE, PAGE, { login: "secours-1", password: PASSWORD, code });
      await who.submit("/chv/secours", "/chv/secours", { name, reason: "Téléphone perdu" });
      return who;
    };
    const same = await open(first, "docteur Claire");
    expect((await same.submit(page, `${page}/confirmer`, { code: second })).status).toBe(409);
    expect(await decided()).toBe(0);
    const other = await open(third, "Camille Exemple");
    const reply = await other.submit(page, `${page}/confirmer`, { code: made.recovery[3] ?? "" });
    expect(reply.status).toBe(303);
    expect(await decided()).toBe(1);
  });

  it("may be two people of different names", async () => {
    const dora = await enter("dora");
    expect((await dora.submit(page, `${page}/confirmer`, { code: scene.code("dora") })).status).toBe(303);
    expect(await decided()).toBe(1);
  });
});

describe("the secrets of tools", () => {
  beforeEach(async () => {
    scene = await startScene();
  });
  const open = (tools: Record<string, string>) =>
    decisionsApi({
      desk: scene.desk,
      store: scene.store,
      clock: scene.clock,
      tools: new Map(Object.entries(tools).map(([id, secret]) => [id, { secret }])),
      attempts: { take: async () => ({ outcome: "allowed" }), succeeded: async () => undefined },
      log: { info: () => undefined, warn: () => undefined },
    });
  const secret = (bytes: number) => Buffer.alloc(bytes, "s").toString("base64");

  it.each<[string, Record<string, string>, string]>([
    ["a short one", { siem: secret(23) }, "tool_secret_short"],
    ["an empty one", { siem: "" }, "tool_secret_short"],
    ["one that is not base64", { siem: `${"é".repeat(60)}${secret(24)}` }, "tool_secret"],
    ["one of two tools", { siem: secret(24), soc: `whsec_${secret(24)}` }, "tool_secret_shared"],
  ])("are refused at the start: %s", (_what, tools, code) => {
    expect(() => open(tools)).toThrow(
      expect.objectContaining({ code: expect.stringContaining(code) as unknown as string }),
    );
  });

  it("stand with 24 bytes each", () => {
    expect(() => open({ siem: secret(24), soc: secret(32) })).not.toThrow();
  });
});

describe("the operations listener", () => {
  it("shows neither where an error was thrown nor what, and nothing else than its paths", async () => {
    scene = await startScene();
    const failing = operationsApp({
      causes: () => [],
      stalled: async () => [],
      metrics: async () => {
        throw new Error("secret of the house");
      },
    });
    const server = createServer(failing).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    const ask = async (path: string) => {
      const reply = await fetch(url + path);
      return { status: reply.status, text: await reply.text() };
    };
    try {
      expect(await ask("/metrics")).toEqual({ status: 500, text: '{"status":"failed"}' });
      expect((await ask("/healthz")).status).toBe(200);
      expect((await ask("/chv/incidents")).status).toBe(404);
      expect(await ask("/%ff")).toMatchObject({
        status: expect.toSatisfy((each) => each === 400 || each === 404),
      });
      expect((await ask("/%ff")).text).not.toContain("at ");
    } finally {
      server.close();
    }
  });
});
