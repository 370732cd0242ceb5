import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Eta } from "eta";
import { CORE_SCHEMA, load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { loadCatalogue, openCatalogue } from "./catalogue.ts";
import { translateView, type ViewPart } from "./translate-view.ts";

/** A view put into other words, and rendered. */
function rendered(view: string, phrases: Record<string, string>, model: object = {}): string {
  const all = new Map(Object.entries(phrases));
  const { find, say } = openCatalogue({ sentences: all, phrases: all });
  const eta = new Eta({
    functionHeader: "const own = (text) => text; const say = this.say;",
    plugins: [{ processAST: (parts) => translateView(parts as ViewPart[], find) as typeof parts }],
  });
  return Object.assign(eta, { say }).renderString(view, model);
}

describe("a view in other words", () => {
  it.each([
    ["a sentence", "<p>Rien à déposer</p>", {}, "<p>Nothing to file</p>"],
    ["blanks around, and within", "<p>\n  Rien à\n  déposer </p>", {}, "<p>\n  Nothing to file </p>"],
    ["what is shown inside", "<p>Validé par <%= it.by %>.</p>", { by: "Anne" }, "<p>Approved by Anne.</p>"],
    [
      "our words shown inside",
      "<p>Validé par <%= it.by %>.</p>",
      { by: "Personne" },
      "<p>Approved by Nobody.</p>",
    ],
    ["another order", "<p><%= it.a %> de <%= it.b %></p>", { a: 1, b: 2 }, "<p>2's 1</p>"],
    [
      "labels that are read",
      '<a title="Rien à déposer" class="Personne">x</a>',
      {},
      '<a title="Nothing to file" class="Personne">x</a>',
    ],
    [
      "a label with a value",
      '<a aria-label="Validé par <%= it.by %>.">x</a>',
      { by: "A" },
      '<a aria-label="Approved by A.">x</a>',
    ],
    [
      "the branches of code",
      "<% if (it.x) { %>Personne<% } else { %>Rien à déposer<% } %>",
      { x: 1 },
      "Nobody",
    ],
    ["signs of the language", "<p>l'un \\ Personne's</p>", {}, "<p>l'un \\ Personne's</p>"],
  ])("says %s", (_, view, model, expected) => {
    const phrases = {
      "Rien à déposer": "Nothing to file",
      "Validé par {0}.": "Approved by {0}.",
      Personne: "Nobody",
      "{0} de {1}": "{1}'s {0}",
    };
    expect(rendered(view, phrases, model)).toBe(expected);
  });

  it.each([
    ["a value of a form", '<input value="<%= it.x %>">', '<input value="Personne">'],
    ["what a person types", "<textarea><%= it.x %></textarea>", "<textarea>Personne</textarea>"],
    [
      "lines, and signs of the code",
      "<p lang=\"fr\">l'un\n \\ l'autre</p>",
      "<p lang=\"fr\">l'un\n \\ l'autre</p>",
    ],
    ["a received line", "<pre><b><%= it.x %></b></pre>", "<pre><b>Personne</b></pre>"],
    ["what is marked", '<p translate="no"><i><%= it.x %></i></p>', '<p translate="no"><i>Personne</i></p>'],
    [
      "what names its language",
      '<p lang="fr"><%= it.x %> <br>Personne</p>',
      '<p lang="fr">Personne <br>Personne</p>',
    ],
  ])("leaves %s", (_, view, expected) => {
    expect(rendered(view, { Personne: "Nobody" }, { x: "Personne" })).toBe(expected);
    expect(rendered(`${view}<p>Personne</p>`, { Personne: "Nobody" }, { x: "y" })).toContain("<p>Nobody</p>");
  });

  it("escapes what it says, whatever it is", () => {
    const model = { x: "Validé par <script>alert(1)</script>." };
    expect(rendered("<p><%= it.x %></p>", { "Validé par {0}.": "Approved by <{0}>." }, model)).toBe(
      "<p>Approved by &lt;&lt;script&gt;alert(1)&lt;/script&gt;&gt;.</p>",
    );
  });
});

describe("a phrase made by code", () => {
  const { say } = openCatalogue({
    sentences: new Map([
      ["Rien", "Nothing"],
      ["{0} sur {1}", "{0} of {1}"],
    ]),
    joints: new Map([["il y a {0}", "{0} ago"]]),
    phrases: new Map([
      ["Repris par {0}, {1}.", "Taken up by {0}, {1}."],
      ["Repris par {0} seul", "Taken up by {0} alone"],
      ["Clos par {0} : {1}", "Closed by {0!}: {1!}"],
      ["{0} alertes", "{0} alerts"],
      ["À déclarer", "To be declared"],
    ]),
  });
  it.each([
    ["À déclarer", "To be declared"],
    ["À\u00a0déclarer", "To be declared"],
    ["Repris par Anne, sam. 14 févr. 03:12.", "Taken up by Anne, Sat 14 Feb 03:12."],
    ["Repris par Anne, il y a 2 j 4 h.", "Taken up by Anne, 2 d 4 h ago."],
    ["Repris par Anne seul", "Taken up by Anne alone"],
    ["12 alertes", "12 alerts"],
    ["dim. 15 nov. 2026 à 02:14", "Sun 15 Nov 2026 at 02:14"],
    ["novembre 2026", "November 2026"],
    ["3 j", "3 d"],
    ["Repris par Anne", "Repris par Anne"],
    ["Repris par Anne, Rien.", "Taken up by Anne, Nothing."],
    ["il y a 3 j", "il y a 3 j"],
    ["Rien", "Nothing"],
    ["un appel sur deux", "un appel sur deux"],
    ["Repris par à déclarer, rien.", "Taken up by to be declared, nothing."],
    ["à déclarer", "à déclarer"],
    ["À déclarer · quoi d'autre · Rien", "To be declared · quoi d'autre · Nothing"],
    ["quoi d'autre", "quoi d'autre"],
    ["Clos par Rien : À déclarer", "Closed by Rien: À déclarer"],
    ["Repris par à déclarer ; rien, Rien.", "Taken up by to be declared; nothing, Nothing."],
    ["", ""],
  ])("%j is %j", (french, english) => {
    expect(say(french)).toBe(english);
  });

  it("leaves what is no text, and what is longer than any phrase", () => {
    expect(say(12)).toBe(12);
    expect(say(null)).toBe(null);
    const long = `Repris par ${"a".repeat(100_000)} seul`;
    expect(say(long)).toBe(long);
  });
});

/** The sentences of all views, each with the view that says it first. */
function sentences(): Map<string, string> {
  const found = new Map<string, string>();
  const folder = join(import.meta.dirname, "..", "views");
  for (const file of readdirSync(folder)) {
    const eta = new Eta({
      plugins: [
        {
          processAST(parts) {
            translateView(parts as ViewPart[], (sentence) => {
              if (!found.has(sentence)) found.set(sentence, file);
              return undefined;
            });
            return parts;
          },
        },
      ],
    });
    eta.parse(readFileSync(join(folder, file), "utf8"));
  }
  return found;
}

describe("the English pages", () => {
  const said = sentences();
  const { find } = loadCatalogue();

  it("have English for every sentence of every view", () => {
    expect(said.size).toBeGreaterThan(900);
    const missing = [...said].filter(([sentence]) => find(sentence) === undefined);
    expect(missing.map(([sentence, view]) => `${view}: ${sentence}`)).toEqual([]);
  });

  it("have no sentence that no view says any more, and none with other holes than the French", () => {
    const pages = load(readFileSync(join(import.meta.dirname, "pages.yml"), "utf8"), { schema: CORE_SCHEMA });
    const holes = (text: string) => new Set(text.match(/\{\d\}/g));
    for (const [french, english] of Object.entries(pages as Record<string, string>)) {
      expect(said.has(french) ? "" : french, "said by no view").toBe("");
      expect([...holes(french)], french).toEqual(expect.arrayContaining([...holes(english)]));
    }
  });
});
