import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NotedIncident, notedIncident, signedIn } from "../../../test/support/noted-incident.ts";
import type { Visitor } from "../../../test/support/web-visitor.ts";

let noted: NotedIncident;
let page: string;
let remi: Visitor;
const ids = { exchange: "", recommendation: "", accompaniment: "" };
const post = async (path: string, fields: Record<string, string>, person = remi) => {
  const { text } = await person.get(page);
  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
  const form = /name="form" value="([^"]+)"/.exec(text)?.[1] ?? "";
  return person.post(`${page}/${path}`, { csrf, form, ...fields });
};
const first = async (kind: "exchange" | "recommendation" | "accompaniment") =>
  (await noted.scene.store.reads.ofIncident("chv", kind, noted.incident)).at(-1)?.content.id ?? "";

beforeAll(async () => {
  noted = await notedIncident();
  page = `${noted.page}/suivi`;
  remi = await signedIn(noted.scene, "remi");
  const asked = { kind: "information_request", subject: "Combien ?", due_date: "2030-01-01" };
  expect((await post("echanges", asked)).status).toBe(303);
  expect((await post("recommandations", { text: "Couper le VPN.", from: "ANSSI" })).status).toBe(303);
  expect((await post("accompagnement", { of: "CERT Santé", text: "" })).status).toBe(303);
  ids.exchange = await first("exchange");
  ids.recommendation = await first("recommendation");
  ids.accompaniment = await first("accompaniment");
});
afterAll(() => noted.scene.close());

/** The form of a page that holds a text. */
const formOf = (text: string, action: string, holding: string) =>
  text.split("<form").find((each) => each.includes(`action="${page}/${action}"`) && each.includes(holding)) ??
  "";
const LONG = "x".repeat(12_000);

describe("a form of the follow-up that was refused", () => {
  it.each<[string, string, () => Record<string, string>, string, string[]]>([
    [
      "an exchange",
      "echanges",
      () => ({
        ...{ kind: "other", party: "ars", name: "Mme Le Gall", direction: "sent", way: "phone" },
        ...{ subject: "Objet", text: LONG, informed: "HFDS", date: "2026-11-15", time: "00:10" },
      }),
      "e-text",
      [
        ...['value="Objet"', LONG, 'value="HFDS"', 'value="Mme Le Gall"', 'value="00:10"'],
        ...['value="ars" selected', 'value="sent" checked', 'value="phone" selected'],
      ],
    ],
    [
      "what cancels an exchange",
      "echanges/annuler",
      () => ({ exchange: ids.exchange, reason: "court" }),
      "Pourquoi",
      ['value="court"'],
    ],
    [
      "a recommendation",
      "recommandations",
      () => ({ text: "Segmenter.", owner: "Réseau", kind: "improvement", due_date: "pas un jour" }),
      "r-text",
      [">Segmenter.</textarea>", 'value="Réseau"', 'value="improvement" checked', 'value="pas un jour"'],
    ],
    [
      "what became of a recommendation",
      "recommandations/etat",
      () => ({ recommendation: ids.recommendation, state: "refused", because: "non" }),
      "recommendation",
      ['value="non"', 'value="refused" checked'],
    ],
    [
      "a request for help",
      "accompagnement",
      () => ({ of: "", text: "Mesures d'urgence.", date: "2026-11-15", time: "00:10" }),
      "h-text",
      [">Mesures d&#39;urgence.</textarea>", 'value="00:10"'],
    ],
    [
      "the next step of a help",
      "accompagnement/etat",
      () => ({ accompaniment: ids.accompaniment, state: "under_way", text: LONG }),
      "accompaniment",
      [`value="${LONG}"`, 'value="under_way" selected'],
    ],
    [
      "who was told",
      "prevenus",
      () => ({ item: "samu", state: "not_needed", who: "", date: "2026-11-15", time: "99:00" }),
      'value="samu"',
      ['value="not_needed" checked', 'value="2026-11-15"', 'value="99:00"'],
    ],
    [
      "a line added to the list",
      "prevenus",
      () => ({ label: "y".repeat(500), state: "to_tell" }),
      "p-label",
      [`value="${"y".repeat(500)}"`],
    ],
  ])("keeps all that was typed, with the sentence beside it: %s", async (_, path, typed, holding, kept) => {
    const { status, text } = await post(path, typed());
    const form = formOf(text, path, holding);
    expect([409, 422]).toContain(status);
    expect(form).toMatch(/<p class="wrong">Rien n&#39;est enregistré\./);
    for (const each of kept) expect(form).toContain(each);
    // The fold that holds it is open.
    expect(
      text.slice(0, text.indexOf(form)).lastIndexOf("<details open") >= 0 || /<details[^>]* open/.test(text),
    ).toBe(true);
    // Of one form, never of the same form of another line.
    expect(text.split('<p class="wrong">Rien n&#39;est enregistré.')).toHaveLength(2);
  });

  it("gives back the reason of a withdrawal whose form is not there", async () => {
    const reason = "Déclaré deux fois, par erreur.";
    const { status, text } = await post("objet", { kind: "withdrawal", reason });
    expect(status).toBe(409);
    expect(text).toContain("Ce que vous aviez écrit, à reprendre");
    expect(text).toContain(reason);
  });

  it("gives back the reason of what someone else has cancelled meanwhile", async () => {
    const reason = "Noté deux fois par erreur.";
    expect((await post("echanges/annuler", { exchange: ids.exchange, reason })).status).toBe(303);
    const again = { exchange: ids.exchange, reason: `Encore : ${reason}` };
    const { status, text } = await post("echanges/annuler", again, await signedIn(noted.scene, "omar"));
    expect(status).toBe(409);
    expect(text).toContain(`Encore : ${reason}`);
  });
});
