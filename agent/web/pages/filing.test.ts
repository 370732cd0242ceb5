import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aFiling } from "../../../test/support/register-entry.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { WayStanding } from "../../stages/delivery/delivery-desk.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { WayOut } from "../../stages/work.ts";

const PAGE = "/chv/incidents/inc-1/depot";
const PORTAL: WayOut = { id: "portail", reach: "assisted", guide: { to: "Portail", steps: [] } };
const MAIL: WayOut = { id: "ars", reach: "authority", fallback: true, guide: { to: "ARS", steps: [] } };
const BECAUSE = "Refus mis en scène : dites-en plus.";
const REFUSED = { outcome: "refused", code: "reason_missing", because: BECAUSE } as const;

let scene: Scene;
let person: Visitor;
let mail: Delivery | null;
let dossier: Dossier;
beforeEach(async () => {
  dossier = sceneDossier();
  const { current } = dossier;
  if (current === undefined) throw new Error("no text");
  dossier.filing = { ...current, declaration: { ...current.declaration, state: "approved" } };
  const of = {
    incident: "inc-1",
    sha256: current.declaration.sha256,
    settled: null,
    reference: null,
  } as const;
  const portal: Delivery = { ...aFiling(1), ...of, id: "d-portail", state: "planned" };
  mail = { ...aFiling(2), ...of, id: "d-ars", channel: "ars", reach: "authority", state: "uncertain" };
  dossier.deliveries = [portal];
  scene = await startScene({ dossier });
  Object.assign(scene.desk, {
    waysOf: async (): Promise<WayStanding[]> => [
      { way: PORTAL, delivery: portal, closed: null },
      { way: MAIL, delivery: mail, closed: null },
    ],
    recordFiling: async () => ({ ...REFUSED, code: "bad_reference" }),
    recordImpossibility: async () => REFUSED,
    resend: async () => REFUSED,
    recordLost: async () => REFUSED,
    startDelivery: async () => REFUSED,
  });
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const post = async (path: string, fields: Record<string, string>) => {
  const { text } = await person.get(PAGE);
  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
  return person.post(`${PAGE}${path}`, { csrf, ...fields });
};
/** The part of a page that one form is. */
const formOf = (text: string, action: string, holding: string) =>
  text.split("<form").find((each) => each.includes(`action="${action}"`) && each.includes(holding)) ?? "";

describe("a form of the filing that was refused", () => {
  it("keeps the reference, the day and the hour of a filing, with the sentence beside them", async () => {
    const typed = { delivery: "d-portail", reference: "S-1", date: "2026-11-15", time: "02:31" };
    const { status, text } = await post("", typed);
    const form = formOf(text, PAGE, "d-portail");
    expect(status).toBe(409);
    for (const kept of ['value="S-1"', 'value="2026-11-15"', 'value="02:31"', BECAUSE])
      expect(form).toContain(kept);
  });

  it("keeps a reference that is far too long", async () => {
    const reference = "7".repeat(5000);
    const { status, text } = await post("", { delivery: "d-portail", reference });
    expect(status).toBe(409);
    expect(formOf(text, PAGE, "d-portail")).toContain(`value="${reference}"`);
  });

  it.each([
    ["an hour that is none", { time: "99:99", date: "" }, 422],
    ["what the desk refuses", { time: "02:31", date: "2026-11-15" }, 409],
  ])("keeps what was tried and since when: %s", async (_, moment, expected) => {
    const { status, text } = await post("/impossible", { ...moment, tried: "Deux essais." });
    const form = formOf(text, `${PAGE}/impossible`, "i-tried");
    expect(status).toBe(expected);
    for (const kept of [">Deux essais.</textarea>", `value="${moment.time}"`, `value="${moment.date}"`])
      expect(form).toContain(kept);
    expect(form).toMatch(/<p class="wrong"[^>]*>[^<]{10}/);
    expect(text).toMatch(/<details open><summary>Noter que la déclaration électronique/);
  });

  it.each(["renvoyer", "perdu"])("keeps how it is known that nothing arrived: %s", async (act) => {
    const { status, text } = await post(`/${act}`, { delivery: "d-ars", reason: "Dit au téléphone" });
    const form = formOf(text, `${PAGE}/renvoyer`, "d-ars");
    expect(status).toBe(409);
    expect(form).toContain('value="Dit au téléphone"');
    expect(form).toContain(BECAUSE);
    expect(text).toContain("<details open><summary>Il n’est jamais arrivé");
  });

  it("gives the words back above the page where the form has gone meanwhile", async () => {
    mail = mail && { ...mail, state: "delivered" };
    const { text } = await post("/renvoyer", { delivery: "d-ars", reason: "Dit au téléphone" });
    expect(formOf(text, `${PAGE}/renvoyer`, "d-ars")).toBe("");
    expect(text).toMatch(/Ce que vous aviez écrit, à reprendre(.|\n)*Dit au téléphone/);
  });

  it("says beside its way why nothing was sent", async () => {
    const { status, text } = await post("/envoyer", { channel: "ars" });
    expect(status).toBe(409);
    expect(text.slice(text.indexOf('id="voie-ars"'))).toContain(BECAUSE);
  });

  it("runs nothing of what was typed", async () => {
    const reason = `"><script>alert(1)</script>`;
    for (const [path, typed] of [
      ["/renvoyer", { delivery: "d-ars", reason }],
      ["/impossible", { tried: reason, date: reason, time: reason }],
      ["", { delivery: "d-portail", reference: reason }],
    ] as const)
      expect((await post(path, typed)).html).not.toContain("<script>alert");
  });
});

describe("the paper for the ARS", () => {
  const PRINT = "/chv/incidents/inc-1/declaration/1/imprimer";
  const approve = () => {
    dossier.declarations = dossier.declarations.map((each) => ({ ...each, state: "approved" }));
  };

  it.each([PRINT, "/chv/incidents/inc-1/declaration.pdf"])(
    "is not given before the portal was found impossible: %s",
    async (path) => {
      approve();
      const { status, text } = await person.get(`${path}?pour=ars`);
      expect(status).toBe(409);
      expect(text).toContain("Notez d&#39;abord");
      expect((await person.get(PAGE)).text).not.toContain("pour=ars");
    },
  );

  it("says why it goes there, and the copy of the dossier keeps its state", async () => {
    approve();
    const since = dossier.incident.occurred;
    dossier.incident.impossible = [{ since, at: since, writer: "Dr remi", tried: "Deux essais." }];
    expect((await person.get(PAGE)).text).toContain(`${PRINT}?pour=ars`);
    const ars = await person.get(`${PRINT}?pour=ars`);
    expect(ars.text).toContain("ransmis à l&#39;ARS, la déclaration électronique étant impossible depuis le");
    expect(ars.text).not.toContain("PAS ENCORE DÉPOSÉ");
    expect((await person.get(PRINT)).text).toContain("PAS ENCORE DÉPOSÉ");
    const pdf = await person.get("/chv/incidents/inc-1/declaration.pdf?version=1&pour=ars");
    expect(pdf.status).toBe(200);
    expect(pdf.headers.get("content-disposition")).toContain("ARS-2026-0007-v1.pdf");
  });
});

it("offers no second filing of a text that the portal has, only to note what became of the first", async () => {
  const sent = `action="${PAGE}/renvoyer"`;
  expect((await person.get(PAGE)).text).toMatch(/<button type="submit">Envoyer de nouveau<\/button>/);
  const [portal] = dossier.deliveries as [Delivery];
  dossier.deliveries = [{ ...portal, state: "delivered", reference: "S-7", settled: 1 }];
  const { text } = await person.get(PAGE);
  expect(text).not.toContain("Envoyer de nouveau");
  expect(formOf(text, `${PAGE}/renvoyer`, "d-ars")).toContain("Noter qu’il n’est pas arrivé");
  mail = mail && { ...mail, state: "refused" };
  expect((await person.get(PAGE)).text).not.toContain(sent);
});

it("takes the message that says that an information came back, and keeps it when it is refused", async () => {
  mail = mail && { ...mail, kind: "information", state: "delivered", settled: 1 };
  const { text } = await person.get(PAGE);
  expect(text).toContain("Un message de non-remise est revenu");
  const form = formOf(text, `${PAGE}/perdu`, "d-ars");
  expect(form).toContain('name="reason"');
  const reason = "550 5.1.1 boîte inconnue, reçu à 04 h 10";
  const refused = await post("/perdu", { delivery: "d-ars", reason });
  expect(refused.status).toBe(409);
  const kept = formOf(refused.text, `${PAGE}/perdu`, "d-ars");
  for (const held of [`value="${reason}"`, BECAUSE]) expect(kept + refused.text).toContain(held);
});
