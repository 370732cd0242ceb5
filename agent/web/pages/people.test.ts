import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { changePerson } from "../../../test/support/web-people.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { delegationAt, mayAct } from "../../core/person.ts";

const PAGE = "/chv/personnes";
const NEW = {
  login: "paul",
  name: "Paul Durand",
  function: "",
  email: "",
  phone: "0123456789",
  identity: "",
};
let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

const as = async (login: Login): Promise<Visitor> => {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
};
const account = async (login: string) => (await scene.store.reads.accountByLogin("chv", login))?.content;
/** Posts with a fresh code of the person who acts. */
const act = async (person: Visitor, login: Login, action: string, fields: Record<string, string> = {}) => {
  scene.clock.instant += MICROSECONDS.minute;
  const csrf = /name="csrf" value="([^"]+)"/.exec((await person.get(PAGE)).text)?.[1] ?? "";
  return person.post(action, { csrf, code: scene.code(login), ...fields });
};

describe("Personnes et accès", () => {
  it("shows everyone, with faults, to who only reads, and nothing to change", async () => {
    await changePerson(scene, "omar", { phone: "", email: "" });
    const page = await (await as("anne")).get(PAGE);
    expect(page.status).toBe(200);
    expect(page.text).toContain("sans moyen de contact");
    expect(page.text).toContain("acte de délégation non enregistré");
    expect(page.text).toContain("Aucun accès de secours");
    expect(page.text).not.toContain("Créer un compte");
  });

  it("makes an account whose means are shown once and open it", async () => {
    const dora = await as("dora");
    const made = await act(dora, "dora", PAGE, { ...NEW, role: "operator" });
    expect(made.status).toBe(200);
    const shown = [...made.text.matchAll(/<code>([^<]+)<\/code>/g)].map((each) => each[1] ?? "");
    const [password = "", code = ""] = [shown[1], shown.at(-1)];
    const paul = visitor(scene);
    const fields = { login: "paul", password, code };
    expect((await paul.submit("/chv/connexion", "/chv/connexion", fields)).status).toBe(303);
    const id = (await account("paul"))?.id ?? "";
    for (const secret of [password, code])
      expect((await dora.get(`${PAGE}/${id}`)).text).not.toContain(secret);
  });

  it.each([
    ["without a contact", { ...NEW, phone: "", role: "operator" }, 422],
    ["with a login that is taken", { ...NEW, login: "claire", role: "operator" }, 409],
    ["with a wrong code", { ...NEW, role: "operator", code: "000000" }, 403],
  ])("makes no account %s", async (_what, fields, status) => {
    expect((await act(await as("dora"), "dora", PAGE, fields)).status).toBe(status);
    expect(await account("paul")).toBeUndefined();
  });

  it.each(["claire", "omar", "anne"] as const)("refuses every change to %s", async (login) => {
    const person = await as(login);
    const target = `${PAGE}/acc-remi`;
    for (const path of [PAGE, target, `${target}/activite`, `${target}/moyens`, `${target}/revue`]) {
      const reply = await act(person, login, path, { ...NEW, role: "operator", name: "Autre nom" });
      expect([path, reply.status]).toEqual([path, 403]);
    }
    expect(await account("remi")).toMatchObject({ active: true, name: "Dr remi" });
  });

  it("makes no account of which the journal does not say who made it", async () => {
    const dora = await as("dora");
    const written = vi.spyOn(scene.store, "commit");
    await act(dora, "dora", PAGE, { ...NEW, role: "operator" });
    const units = written.mock.calls.map(([{ writes }]) =>
      writes.map((each) =>
        each.write === "note" ? each.what : each.write === "record" ? each.kind : each.write,
      ),
    );
    written.mockRestore();
    expect(units.find((unit) => unit.includes("account"))).toContain("account_made");
  });

  it("lets the RSSI give nobody, and take from nobody, the right to decide", async () => {
    const remi = await as("remi");
    expect((await act(remi, "remi", PAGE, { ...NEW, role: "delegate" })).status).toBe(403);
    const omar = { ...NEW, name: "Dr omar", role: "director" };
    expect((await act(remi, "remi", `${PAGE}/acc-omar`, omar)).status).toBe(403);
    for (const path of ["activite", "moyens"])
      expect((await act(remi, "remi", `${PAGE}/acc-dora/${path}`)).status).toBe(403);
    expect((await act(remi, "remi", `${PAGE}/acc-omar/moyens`)).status).toBe(200);
  });

  it("lets nobody change their own role or close their own account", async () => {
    const dora = await as("dora");
    const own = { ...NEW, name: "Dr dora", role: "auditor" };
    expect((await act(dora, "dora", `${PAGE}/acc-dora`, own)).status).toBe(403);
    expect((await act(dora, "dora", `${PAGE}/acc-dora/activite`)).status).toBe(403);
  });

  it("ends the sessions of who is given another role, new means, or is closed", async () => {
    const dora = await as("dora");
    for (const [path, fields] of [
      ["", { ...NEW, name: "Dr omar", role: "auditor" }],
      ["/moyens", {}],
      ["/activite", {}],
    ] as const) {
      await changePerson(scene, "omar", { role: "operator", active: true });
      // Each renewal makes another secret: the session is what is looked at here.
      const omar = path === "/activite" ? undefined : await as("omar");
      const reply = await act(dora, "dora", `${PAGE}/acc-omar${path}`, fields);
      expect([200, 303]).toContain(reply.status);
      if (omar !== undefined) expect((await omar.get("/chv/acces")).status).toBe(303);
    }
    expect((await account("omar"))?.active).toBe(false);
  });

  it("records an act of delegation, and out of its period nobody decides by it", async () => {
    const dora = await as("dora");
    const fields = {
      from: "2026-01-01",
      until: "2026-02-01",
      by: "Mme X",
      document: "DEC-1",
      scope: "",
      published: "",
    };
    const reply = await act(dora, "dora", `${PAGE}/acc-claire/delegation`, fields);
    expect(reply.status).toBe(303);
    const claire = await account("claire");
    expect(claire && delegationAt(claire, scene.clock.now())).toBe("lapsed");
    expect(claire && mayAct(claire, "decide", scene.clock.now())).toBe(false);
    expect(claire && mayAct(claire, "answer")).toBe(true);
    expect((await dora.get(PAGE)).text).toContain("hors de sa période de délégation");
  });

  it("notes the yearly review, and calls for the next", async () => {
    const dora = await as("dora");
    scene.clock.instant += 366 * 24 * MICROSECONDS.hour;
    const later = await as("dora");
    expect((await later.get(`${PAGE}/acc-remi`)).text).toContain("à revoir");
    await act(later, "dora", `${PAGE}/acc-remi/revue`);
    expect((await later.get(`${PAGE}/acc-remi`)).text).not.toContain("à revoir");
    expect((await dora.get(PAGE)).status).toBe(303);
  });

  it("records what the review came to, by whom, and tells the auditor", async () => {
    scene.clock.instant += 366 * 24 * MICROSECONDS.hour;
    const dora = await as("dora");
    expect((await dora.get(PAGE)).text).toMatch(/comptes n&#39;ont pas été revus depuis plus d&#39;un an/);
    const report = () =>
      vi.waitFor(async () => {
        const { status, text } = await dora.get("/chv/registre/rapport");
        expect(status).toBe(200);
        return text;
      });
    expect(await report()).toMatch(/Comptes sans revue depuis plus d’un an <span class="tally">[1-9]/);
    const changed = { outcome: "changed", note: "Passe à mi-temps" };
    expect((await act(dora, "dora", `${PAGE}/acc-omar/revue`, { ...changed, note: "" })).status).toBe(422);
    expect((await act(dora, "dora", `${PAGE}/acc-omar/revue`, changed)).status).toBe(303);
    expect((await account("omar"))?.reviewed).toMatchObject({ ...changed, by: "Dr dora" });
    const closed = await act(dora, "dora", `${PAGE}/acc-anne/revue`, { outcome: "closed" });
    expect(closed.location).toContain("fait=ferme");
    expect(await account("anne")).toMatchObject({ active: false, reviewed: { outcome: "closed" } });
    expect((await act(dora, "dora", `${PAGE}/acc-dora/revue`, { outcome: "closed" })).status).toBe(403);
    const notes = await scene.store.reads.journalOfHouse("chv", {
      types: ["note.account_reviewed"],
      from: 0,
      before: scene.clock.now() + 1,
      limit: 10,
    });
    expect(notes.map(({ content }) => JSON.parse(content ?? "{}").outcome)).toEqual(["changed", "closed"]);
    scene.clock.instant += MICROSECONDS.minute;
    expect(await report()).toContain("omar par Dr dora : à changer, ou changé, Passe à mi-temps");
  });

  it("answers 404 to an account that is none", async () => {
    expect((await (await as("dora")).get(`${PAGE}/acc-nobody`)).status).toBe(404);
  });
});

describe("a delegation", () => {
  const act = { by: "x", document: "d", scope: "", published: "", recorded: { at: 0, by: "x" } };
  it.each([
    ["nobody recorded one", [], 5, "unrecorded"],
    ["before its first instant", [{ ...act, from: 5, until: 9 }], 4, "lapsed"],
    ["at its first instant", [{ ...act, from: 5, until: 9 }], 5, "holds"],
    ["at its end", [{ ...act, from: 5, until: 9 }], 9, "lapsed"],
    ["without an end", [{ ...act, from: 5, until: null }], 1e9, "holds"],
    [
      "by a later one",
      [
        { ...act, from: 1, until: 2 },
        { ...act, from: 5, until: 9 },
      ],
      6,
      "holds",
    ],
  ])("stands as it should: %s", (_what, delegations, at, expected) => {
    expect(delegationAt({ role: "delegate", active: true, delegations }, at)).toBe(expected);
    expect(delegationAt({ role: "director", active: true, delegations }, at)).toBe("not_needed");
  });
});
