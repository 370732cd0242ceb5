import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../../test/support/real-desk.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const REPORT = "/chv/incidents/signaler";
const REASON = "Certitude raisonnable à la lecture du constat.";
let scene: Scene;
let person: Visitor;
let page: string;
/** A leak that a person reported at 02:33; the delegate looks at its page half an hour later. */
beforeEach(async () => {
  scene = await startScene({ desk: realDesk });
  person = await signedIn("claire");
  const told = { kinds: "data_disclosed", systems: "dpi", who: "care", name: "", text: "" };
  const done = await person.submit(REPORT, REPORT, told);
  page = (done.location ?? "").split("?")[0] ?? "";
  scene.clock.instant += 30 * MICROSECONDS.minute;
});
afterEach(() => scene.close());

async function signedIn(login: Login) {
  const visiting = visitor(scene);
  await visiting.signIn(login);
  return visiting;
}
const action = () => `${page}/delai`;
const settle = (fields: Record<string, string>, who = person) =>
  who.submit(page, action(), { from: "found", source: "DPO", reason: REASON, ...fields });
/** What stands about the CNIL, up to the next duty. */
const cnil = (text: string) =>
  text
    .split('id="obligations"')[1]
    ?.split("</section>")[0]
    ?.split("duty is-")
    .find((part) => part.includes("CNIL")) ?? "";

describe("the form that settles from when the 72 hours count", () => {
  it("stands beside the clock, which is only proposed, with each instant it may count from", async () => {
    const { text } = await person.get(page);
    const duty = cnil(text);
    for (const words of ["(proposé, à fixer)", 'value="found"', 'value="awareness"', 'value="confirmed"'])
      expect(duty).toContain(words);
    expect(duty).toContain('value="délégué à la protection des données"');
    // The duties stand side by side, the one that leads first.
    const titles = [...text.matchAll(/<span class="title">([^<]+)/g)].map(([, title]) => title);
    expect(titles.length).toBeGreaterThan(1);
    expect(titles[0]).not.toContain("CNIL");
  });

  it("settles it: the page says who, why and until when, and the clock is proposed no more", async () => {
    const done = await settle({});
    expect(done).toMatchObject({ status: 303, location: `${page}?fait=delai#obligations` });
    const { text } = await person.get(`${page}?fait=delai`);
    expect(text).toContain("Délai fixé.");
    expect(cnil(text)).toContain(`Fixé par DPO\u00a0: ${REASON} (noté par Dr claire`);
    expect(cnil(text)).not.toContain("proposé");
    expect(cnil(text)).toContain("Fixer autrement");
  });

  it("takes an instant that the person gives", async () => {
    expect((await settle({ from: "confirmed", date: "2026-11-15", time: "02:50" })).status).toBe(303);
    const { text } = await person.get(page);
    expect(cnil(text)).toContain("avant le mer. 18 nov. 02:50");
    expect(cnil(text)).toContain("Point de départ\u00a0: confirmation, dim. 15 nov. 02:50");
  });

  it.each<[string, Record<string, string>, string]>([
    ["without its hour", { from: "confirmed", date: "2026-11-15" }, "Donnez le jour et l&#39;heure"],
    [
      "on another day without its hour",
      { from: "confirmed", date: "2026-11-14" },
      "Donnez aussi l&#39;heure",
    ],
    ["to come", { from: "confirmed", time: "23:50" }, "dans le futur"],
    ["of no clock", { from: "confirmed", time: "26:00" }, "n&#39;est pas lisible"],
    [
      "before all began",
      { from: "confirmed", date: "2026-11-14", time: "12:00" },
      "avant le début estimé de l&#39;incident",
    ],
    ["beside one that was chosen", { from: "found", time: "02:50" }, "gardez l&#39;un des deux"],
    ["with a reason that says nothing", { reason: "oui" }, "Le motif compte de 10 à 500"],
    ["that nobody settles", { source: " " }, "Dites qui fixe ce délai"],
  ])("gives an instant %s back with what was typed, and settles nothing", async (_, fields, words) => {
    const reply = await settle({ date: "2026-11-15", reason: "Mon motif, gardé.", ...fields });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain(`Délai non fixé. `);
    const duty = cnil(reply.text);
    expect(duty).toContain(words);
    expect(duty).toContain("open");
    expect(duty).toContain(`value="${fields.reason ?? "Mon motif, gardé."}"`);
    expect(cnil((await person.get(page)).text)).toContain("(proposé, à fixer)");
  });

  it("is not for an operator, who reads the instants", async () => {
    const operator = await signedIn("omar");
    const { text } = await operator.get(page);
    expect(hiddenFields(text, action())).toEqual({});
    expect(cnil(text)).toContain("Instants possibles\u00a0: constat");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const deadline = hiddenFields((await person.get(page)).text, action()).deadline ?? "";
    const reply = await operator.post(action(), {
      csrf,
      deadline,
      from: "found",
      reason: REASON,
      source: "x",
    });
    expect(reply.status).toBe(403);
  });

  it("says of a clock that is none that it runs no more", async () => {
    const reply = await settle({ deadline: "inconnu" });
    expect(reply).toMatchObject({ status: 422, text: expect.stringContaining("Ce délai n&#39;existe pas") });
  });
});
