import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anIncident } from "../../../test/support/incident.ts";
import { type House, openHouse } from "../../../test/support/web-roles.ts";
import type { Write } from "../../store/store.ts";
import { drawClock } from "./draw-clock.ts";

let house: House;
let at: string;
beforeAll(async () => {
  house = await openHouse();
  at = `/chv/incidents/${house.ids.main}/obligations`;
});
afterAll(() => house.scene.close());

const DUTY = () => `${at}/rgpd-33`;
const hidden = (html: string, name: string) =>
  new RegExp(`name="${name.replace(".", "\\.")}" value="([^"]*)"`).exec(html)?.[1] ?? "";
async function post(who: "dpo" | "director" | "rssi", path: string, fields: Record<string, string>) {
  const { html } = await house.people[who].get(DUTY());
  const seen = { version: hidden(html, "version"), sha256: hidden(html, "sha256") };
  return house.people[who].post(`${DUTY()}/${path}`, { csrf: hidden(html, "csrf"), ...seen, ...fields });
}

describe("the page of the other duties", () => {
  it("shows each with what is left in words and as a picture", async () => {
    const { html, status } = await house.people.auditor.get(at);
    expect(status).toBe(200);
    expect(html).toContain("Violation de données personnelles (CNIL)");
    expect(html).toMatch(/Il reste\s2\sj\s23\sh\s: avant le/);
    expect(html).toContain('<svg class="delay"');
    expect(html).toContain("À fixer par");
  });

  it("shows the draft with the origin of each field, and no form to who may only read", async () => {
    const { html } = await house.people.auditor.get(DUTY());
    expect(html).toContain("réglage de l&#39;établissement");
    expect(html).toContain("ce n&#39;est pas le formulaire officiel de la CNIL");
    expect(html).not.toContain("/champs");
    expect(html).not.toContain("/valider");
    const dpo = (await house.people.dpo.get(DUTY())).html;
    expect(dpo).toContain("/valider");
    expect((await house.people.rssi.get(DUTY())).html).not.toContain("/valider");
  });

  it("says first what is missing, lists its sections, and folds those that are complete", async () => {
    const { html } = await house.people.dpo.get(DUTY());
    const missing = html.indexOf('id="manque-titre"');
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThan(html.indexOf('id="sommaire-titre"'));
    expect(html.indexOf('id="sommaire-titre"')).toBeLessThan(html.indexOf('id="sec-controller"'));
    expect(html).toContain('<a href="#f-measures">');
    for (const id of ["controller", "people", "measures"])
      expect(html).toMatch(new RegExp(`id="sec-${id}" open>`));
    // Nothing of it is asked for while nothing is late.
    expect(html).toContain('id="sec-notification"><summary>');
    expect(html).not.toContain('<a href="#f-late_reason">');
    expect(html).toContain('id="texte"><summary>');
    const given = {
      "m.measures": hidden(html, "m.measures"),
      "v.measures": "Serveurs isolés.",
      section: "measures",
    };
    expect((await post("dpo", "champs", given)).location).toMatch(/#sec-measures$/);
    const after = (await house.people.dpo.get(DUTY())).html;
    expect(after).toContain('id="sec-measures"><summary>');
    expect(after).not.toContain('<a href="#f-measures">');
  });

  it("is 404 for a duty without a text", async () => {
    expect((await house.people.dpo.get(`${at}/sante-2022`)).status).toBe(404);
    expect((await house.people.dpo.get(`${at}/__proto__`)).status).toBe(404);
  });
});

describe("a field", () => {
  it("takes what is typed, a choice of its list, and several where several may be", async () => {
    const { html } = await house.people.dpo.get(DUTY());
    const marks = Object.fromEntries(
      ["people_count", "breach_cause", "breach_nature"].map((id) => [`m.${id}`, hidden(html, `m.${id}`)]),
    );
    const given = {
      "v.people_count": "212",
      "u.people_count": "on",
      "v.breach_cause": "externe malveillant",
      "v.breach_nature": "perte de disponibilité",
    };
    const reply = await post("dpo", "champs", { ...marks, ...given, section: "people" });
    expect(reply.status).toBe(303);
    const after = (await house.people.dpo.get(DUTY())).html;
    expect(after).toContain('<option value="51 à 300" selected>');
    expect(after).toContain('<option value="externe malveillant" selected>');
    expect(after).toMatch(/value="perte de disponibilité" checked/);
  });

  it("refuses what is not in its list, and gives it back", async () => {
    const { html } = await house.people.dpo.get(DUTY());
    const reply = await post("dpo", "champs", {
      "m.breach_cause": hidden(html, "m.breach_cause"),
      "v.breach_cause": "<script>",
    });
    expect(reply.status).toBe(409);
    expect(reply.text).toContain("se choisit dans sa liste");
    expect(reply.text).not.toContain("<script>");
  });
});

describe("a form that was refused", () => {
  it("keeps the reasons not to notify, however long, with the sentence beside them", async () => {
    const reason = "z".repeat(6000);
    const code = house.scene.code("claire");
    const reply = await post("dpo", "ne-pas-notifier", { reason, code: code === "" ? "1" : "000000" });
    expect(reply.status).toBe(403);
    const form = reply.text.split("<form").find((each) => each.includes("/ne-pas-notifier")) ?? "";
    expect(form).toContain(`>${reason}</textarea>`);
    expect(form).toMatch(/class="wrong" role="alert" id="motif-erreur">/);
  });

  it("gives back what was typed of a notification when nothing waits to be notified", async () => {
    const typed = {
      where: "CNIL, télé-service",
      reference: "N-9",
      by: "DPO",
      late: "En panne.",
      time: "99:00",
    };
    const reply = await post("dpo", "notifier", typed);
    expect(reply.status).toBe(422);
    expect(reply.text).toMatch(/à reprendre(.|\n)*CNIL, télé-service\nN-9\nEn panne\./);
  });
});

describe("an approval", () => {
  it("needs the person's own code", async () => {
    const reply = await post("dpo", "valider", { code: "000000" });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain("Code incorrect");
  });

  it("is not for a role that the pack does not name, code or not", async () => {
    expect((await post("rssi", "valider", { code: "000000" })).status).toBe(403);
  });
});

describe("what leaves", () => {
  it("is a PDF under the pack's own name, and JSON with the text and what became of it", async () => {
    const pdf = await house.people.auditor.get(`${DUTY()}/texte.pdf`);
    expect([pdf.status, pdf.headers.get("content-type")]).toEqual([200, "application/pdf"]);
    const json = await house.people.auditor.get(`${DUTY()}/texte.json`);
    const { file, content } = JSON.parse(json.text);
    expect(file).toMatchObject({ regime: "rgpd-33", state: "draft", version: 1 });
    expect(content.text).toContain("VIOLATION DE DONNÉES PERSONNELLES (CNIL)");
    expect((await house.people.auditor.get(`${DUTY()}/texte.json?version=7`)).status).toBe(404);
  });

  it("is the register of breaches, as CSV and JSON", async () => {
    const page = await house.people.auditor.get("/chv/registre/violations");
    expect(page.html).toContain("Registre interne des violations");
    const csv = await house.people.auditor.get("/chv/registre/violations.csv");
    expect(csv.text).toContain("Nature de la violation");
    const json = await house.people.auditor.get("/chv/registre/violations.json");
    expect(JSON.parse(json.text).breaches).toMatchObject([{ regime: "rgpd-33", state: "draft" }]);
    expect((await house.people.auditor.get("/chv/registre/violations.xml")).status).toBe(404);
  });

  it("is that register page by page once it is long", async () => {
    const { store, clock } = house.scene;
    const [file] = await store.reads.ofIncident("chv", "duty_file", house.ids.main);
    if (file === undefined) throw new Error("no text of another duty");
    const writes = Array.from({ length: 50 }, (_, i): Write[] => {
      const id = `inc-breach-${i}`;
      const incident = anIncident({ id, facility: "chv", reference: `2026-B${i}` });
      const record = { write: "record", revision: 1, incident: id } as const;
      const content = { ...file.content, id: `file-${i}`, incident: id };
      return [
        { ...record, kind: "incident", id, state: incident.state, content: incident },
        { ...record, kind: "duty_file", id: `file-${i}/1`, state: content.state, content },
      ];
    }).flat();
    await store.commit({ facility: "chv", at: clock.now(), writes });
    const first = await house.people.auditor.get("/chv/registre/violations");
    expect(first.html).toContain('href="/chv/registre/violations?page=2"');
    const second = await house.people.auditor.get("/chv/registre/violations?page=2");
    expect(second.html).toContain("page 2 sur 2");
    expect(second.html).toContain('href="/chv/registre/violations?page=1"');
    const named = (html: string) => new Set(html.match(/inc-breach-\d+/g));
    expect(named(first.html).size).toBeGreaterThan(48);
    expect(named(first.html + second.html).size).toBe(50);
  });
});

describe("the picture of a delay", () => {
  it.each([
    ["half gone", { started: 0, due: 100, met: null }, 50, '"gone" y="3" width="160"'],
    ["over", { started: 0, due: 100, met: null }, 150, '"late" y="3" width="320"'],
    ["met in time", { started: 0, due: 100, met: 25 }, 150, '"done" y="3" width="80"'],
    ["met late", { started: 0, due: 100, met: 130 }, 150, '"late" y="3" width="320"'],
    ["of no length", { started: 5, due: 5, met: null }, 1, '"gone" y="3" width="320"'],
  ])("is %s", (_, clock, now, drawn) => {
    expect(drawClock(clock, now).drawn).toContain(drawn);
  });
});
