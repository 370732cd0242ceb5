import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type House, openHouse } from "../../../test/support/web-roles.ts";
import { exerciseWrite } from "../../stages/exercise/exercise-runs.ts";

const RUN = "0193b0a0-0000-7000-8000-000000000001";
let house: House;
beforeAll(async () => {
  house = await openHouse();
  const { store, clock } = house.scene;
  const scenario = {
    name: "nuit",
    title: "Nuit <i>d’essai</i>",
    summary: "Une nuit.",
    sha256: "0".repeat(64),
  };
  const notes = [
    {
      event: "started",
      run: RUN,
      scenario,
      length: 1,
      speed: 1,
      expectations: [{ called: "delegate" }, { quiet: "on_call" }],
    },
    { event: "inject", run: RUN, story: 0, to: "RSSI", text: "Que faites-vous ? <script>alert(1)</script>" },
    { event: "ended", run: RUN, whole: true, records: 0 },
  ] as const;
  for (const note of notes)
    await store.commit({ facility: "chv", at: clock.now(), writes: [exerciseWrite({ ...note } as never)] });
});
afterAll(() => house.scene.close());

const pages = () => ({
  incident: `/chv/incidents/${house.ids.main}/debriefing`,
  exercise: `/chv/exercices/${RUN}`,
});

describe("the debriefing page", () => {
  it("tells what an exercise expected and what became of it, and escapes what a scenario says", async () => {
    const { status, html } = await house.people.auditor.get(pages().exercise);
    expect(status).toBe(200);
    expect(html).toContain("Nuit &lt;i&gt;d’essai&lt;/i&gt;");
    expect(html).toContain("Que faites-vous ? &lt;script&gt;");
    expect(html).toMatch(/Personne déléguée prévenue[\s\S]*Manqué/);
    expect(html).toMatch(/Personne n’est réveillé : astreinte informatique[\s\S]*Tenu/);
  });

  it("lists exercises with what was said to the players", async () => {
    const { html } = await house.people.auditor.get("/chv/exercices");
    expect(html).toContain(`/chv/exercices/${RUN}`);
    expect(html).toContain("Ce que l’animateur a dit (1)");
  });

  it.each(["incident", "exercise"] as const)(
    "of an %s keeps a remark once, in the journal, for who may answer",
    async (kind) => {
      const page = pages()[kind];
      const text = `Revoir l’annuaire de garde <b>${kind}</b>`;
      const given = { form: `form-${kind}`, text };
      for (let turn = 0; turn < 2; turn++) {
        const { status } = await house.people.operator.submit(page, `${page}/notes`, given);
        expect(status).toBe(303);
      }
      const { html } = await house.people.auditor.get(page);
      const shown = `Revoir l’annuaire de garde &lt;b&gt;${kind}&lt;/b&gt;`;
      expect(html.split(shown)).toHaveLength(2);
      expect(html).not.toContain(`${page}/notes`);
      const other = await house.people.auditor.get(pages()[kind === "incident" ? "exercise" : "incident"]);
      expect(other.html).not.toContain(shown);
    },
  );

  it.each([
    ["nothing", ""],
    ["more than fits", "x".repeat(4001)],
  ])("keeps no remark of %s", async (_, text) => {
    const page = pages().incident;
    const { status } = await house.people.operator.submit(page, `${page}/notes`, { form: "f", text });
    expect(status).toBe(422);
  });

  it("is not there for a dossier under the secret of national defence", async () => {
    const { merged } = house.ids;
    const { desk } = house;
    const actor = { id: "acc-remi", name: "Dr remi", role: "rssi", active: true } as const;
    const opened = await desk.openByHand(
      {
        form: desk.newForm(),
        kinds: ["care_interrupted"],
        systems: [],
        source: { who: "self", name: "" },
        text: "",
      },
      actor,
    );
    if (opened.outcome !== "opened") throw new Error(merged);
    await desk.flagSecret({ incident: opened.incident, holds: true, reason: "Réseau classifié." }, actor);
    for (const path of ["debriefing", "debriefing.pdf"]) {
      const { status, html } = await house.people.auditor.get(`/chv/incidents/${opened.incident}/${path}`);
      expect(status).toBe(404);
      expect(html).not.toContain("Déroulé");
    }
    // Nor is it told of in the debrief of an exercise.
    const { html } = await house.people.auditor.get(pages().exercise);
    expect(html).not.toContain(opened.incident);
  });
});
