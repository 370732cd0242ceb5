import { describe, expect, it } from "vitest";
import { sceneDossier } from "../../test/support/web-scene.ts";
import { summaryOf } from "./pages/dossier-view.ts";
import { escapeHtml, templates } from "./templates.ts";

const { render } = templates();

describe("the spaces of French", () => {
  it("are bound before signs and within quotation marks in the views' own words", () => {
    const row = { regime: "r", regime_version: "1", because: "", incident: "i", reference: "2026-1" };
    const list = [
      { ...row, at: 0, by: "machine", writer: "Anne", reopened: { at: 0, writer: "Anne", reason: "oubli" } },
    ];
    const text = render("closings", {
      ...FRAME,
      name: "novembre",
      machine: list,
      people: [],
      signed: [],
      over: false,
    });
    expect(text).toContain("Clôtures automatiques\u00a0: novembre");
    expect(text).toContain("par Anne\u00a0: oubli");
    expect(text).not.toMatch(/par Anne : /);
  });

  it.each([
    ["before a sign", "PACS : indisponible ; le DPI ?"],
    ["within quotation marks", "« Système indisponible » !"],
    ["twice over", "ligne  reçue : telle  quelle"],
    ["of a log line", "<13>Nov 15 02:12:07 host: « a : b » ; c ?"],
  ])("are left as they came in values, %s", (_, value) => {
    const text = render("fact", { ...FRAME, fact: { ...FACT, label: value, text: value, origin: value } });
    expect(text.split(escapeHtml(value))).toHaveLength(4);
    expect(text).not.toContain(escapeHtml(value).replaceAll(" ", "\u00a0"));
  });

  it("are kept in what a field holds, so that what is copied is what is stored", () => {
    const text = render("value", { field: { unknown: false, value: "À faire : « vite » !" } });
    expect(text.trim()).toBe('<span lang="fr">À faire : « vite » !</span>');
  });
});

describe("a reference", () => {
  const MARKED = '<span class="ref">2026-0007</span>';
  const shown = (text: string, language?: "en") =>
    render("fact", { ...FRAME, fact: { ...FACT, label: text, text, origin: text } }, language);

  it.each([undefined, "en"] as const)("is one word in the text of a page (%s)", (language) => {
    expect(shown("Lien retiré : CH Y, 2026-0007", language)).toContain(`CH Y, ${MARKED}`);
  });

  it("lets no mark of a source through", () => {
    const text = shown('<b class="ref">2026-0007</b>');
    expect(text).toContain(`&lt;b class=&quot;ref&quot;&gt;${MARKED}&lt;/b&gt;`);
    expect(text).not.toContain("<b");
  });
});

describe("the causes of an incident", () => {
  const shown = (causes: ReturnType<typeof sceneDossier>["incident"]["causes"]) => {
    const dossier = sceneDossier();
    dossier.incident.causes = causes;
    return summaryOf(dossier);
  };

  it.each([
    [["ransomware", "infrastructure_failure"], 1, ["Dysfonctionnement de l'infrastructure"]],
    [
      ["infrastructure_failure", "link_loss"],
      0,
      ["Dysfonctionnement de l'infrastructure", "Perte du lien télécom"],
    ],
    [["ransomware"], 1, []],
    [[], 0, []],
  ] as const)("%j: malice and breakdown stand apart", (causes, malicious, others) => {
    const summary = shown([...causes]);
    expect(summary.causes).toHaveLength(malicious);
    expect(summary.otherCauses).toEqual(others);
  });
});

const FRAME = {
  base: "/chv",
  mode: "exercise",
  title: "Titre",
  assets: "",
  facility: { id: "chv", name: "CH" },
  person: null,
  csrf: "",
  month: "2026-11",
  before: { month: "2026-10", name: "octobre" },
  after: null,
  done: false,
  sha256: "",
  isSigned: false,
  maySign: false,
  now: 0,
  when: () => "hier",
  time: () => "02:14",
};

const FACT = {
  withdrawn: null,
  holds: true,
  system: null,
  suspected: false,
  alerts: 1,
  ended: null,
};
