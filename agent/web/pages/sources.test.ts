import { load } from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSuggested } from "../../../connectors/mapping/suggest/suggest-mapping.ts";
import { frenchIn } from "../../../test/support/french-left.ts";
import { CORPUS } from "../../../test/support/hostile.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";

const PAGE = "/chv/sources";
const TRY = `${PAGE}/essai`;
/** A patient's number of the facility of the tests. */
const PATIENT = "8012345678";

let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

async function as(login: Login): Promise<Visitor> {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}

const tryText = async (person: Visitor, text: string, source = "") =>
  person.submit(PAGE, TRY, { text, source, mark: "" });

/** A message that was not understood, in the record. */
async function refuse(sample: string, source = "divers"): Promise<void> {
  await scene.store.commit({
    facility: "chv",
    at: scene.clock.now(),
    writes: [
      {
        write: "quarantine",
        entry: {
          source,
          received: scene.clock.now(),
          code: "unrecognised",
          message: "no format recognises it",
          sample,
        },
      },
    ],
  });
  scene.written();
}

/** The draft of a page, as a person copies it. */
function draftIn(text: string): string {
  const [, shown = ""] = /<pre [^>]*id="ebauche"[^>]*>([^<]*)<\/pre>/.exec(text) ?? [];
  const marks: Record<string, string> = {
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&amp;": "&",
  };
  return shown.replace(/&(?:lt|gt|quot|#39|amp);/g, (mark) => marks[mark] ?? mark);
}

describe("the page of sources", () => {
  it("shows what was understood last, by what, with patients masked", async () => {
    const { text } = await (await as("anne")).get(PAGE);
    expect(text).toContain("Derniers messages compris");
    expect(text).toContain('<span class="mark">cisco-asa</span>');
    expect(text).toContain("%ASA-6-611101");
    expect(text).not.toContain(PATIENT);
  });

  it("says how many messages of a source could not be taken, and that it was not long ago", async () => {
    const { text } = await (await as("anne")).get(PAGE);
    expect(text).toContain("Des messages se sont perdus depuis moins d’une heure");
    expect(text).toMatch(/Perdus, faute d’avoir pu être pris<\/dt><dd>1.234<\/dd>/);
    expect(text.match(/Perdus, faute/g)).toHaveLength(1);
  });

  it("offers a try to who may answer, and a mapping of each message that was not understood", async () => {
    await refuse("SONDE s-12 trop chaud");
    const { text } = await (await as("omar")).get(PAGE);
    expect(text).toContain("Essayer un message");
    expect(text).toContain("Proposer une correspondance");
    expect(text).toContain("Rien n’en est enregistré, et elle n’ouvre aucun incident.");
  });

  it("offers neither to who only reads, and refuses what they send", async () => {
    await refuse("SONDE s-12 trop chaud");
    const person = await as("anne");
    const { text } = await person.get(PAGE);
    expect(text).not.toContain("/sources/essai");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    expect((await person.post(TRY, { csrf, text: "x" })).status).toBe(403);
  });
});

describe("a message that is tried", () => {
  it("is read as it would be, and nothing is kept of it", async () => {
    const person = await as("omar");
    scene.written();
    const { status, text } = await tryText(
      person,
      "<164>Oct 10 2025 12:34:56 fw-1 : %ASA-6-611101: User authentication succeeded: IP address: 192.0.2.44, Uname: admin",
    );
    expect(status).toBe(200);
    for (const shown of [
      "Format et produit reconnus",
      "95 %",
      "cisco-asa",
      "192.0.2.44",
      "Aucune\u00a0: il serait écarté.",
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain("Proposition de correspondance");
    expect(scene.written()).toEqual([]);
    expect(await scene.store.reads.countAlerts("chv")).toBe(0);
    expect(await scene.store.reads.quarantine("chv", 10)).toEqual([]);
  });

  it("names the rules that recognise it", async () => {
    const { text } = await tryText(await as("remi"), "<13>Oct 11 22:14:15 nas disque: volume inscriptible");
    expect(text).toMatch(/Règles qui le reconnaissent<\/h2>\s*<ul class="panel"><li>Test<\/li><\/ul>/);
  });

  it("that nothing recognises comes with a mapping that loads", async () => {
    const { text } = await tryText(
      await as("remi"),
      "SONDE s-12 etat=chaud fin\r\nSONDE s-13 etat=froid fin\r\n",
    );
    expect(text).toContain("Aucun format ne le reconnaît");
    expect(text).toContain("Messages donnés\u00a0: 2.");
    expect(readSuggested(draftIn(text))?.name).toBe("sonde");
  });

  it("of a product that nobody knows shows the fields that found no place", async () => {
    const { text } = await tryText(
      await as("claire"),
      '{"product":"Vigie","odd_thing":"valeur-etrange","src_ip":"192.0.2.7"}',
    );
    expect(text).toContain("Format reconnu, produit inconnu");
    expect(text).toMatch(/Champs propres au produit[\s\S]*odd_thing<\/th><td>valeur-etrange/);
    expect(text).toMatch(/source\.ip<\/th><td>192\.0\.2\.7/);
  });

  it("says of binary text why there is no mapping", async () => {
    const { text } = await tryText(await as("remi"), `${"\u0001".repeat(40)}x`);
    expect(text).toMatch(/Ce n’est pas du texte\s: collez le message tel que le produit l’écrit\./);
    expect(text).toMatch(/lang="en">line:1: it is no text/);
  });

  it("is read as a source would", async () => {
    const { text } = await tryText(await as("remi"), '{"a":"b"}', "pare-feu");
    expect(text).toContain('<option value="pare-feu" selected>pare-feu</option>');
    expect(text).not.toContain("Format et produit reconnus");
  });

  it("shows no patient, in its fields or in the mapping", async () => {
    const { text } = await tryText(
      await as("remi"),
      `{"product":"Vigie","patient_ref":"IPP ${PATIENT}","note":"${PATIENT} vu","user":"IPP ${PATIENT}"}`,
    );
    const shown = text.replace(/<textarea[\s\S]*?<\/textarea>/, "");
    expect(shown).toContain("[IPP masqué");
    expect(shown).not.toContain(PATIENT);
  });

  it.each([
    ["nothing", { text: "  " }, /Collez un message à essayer/],
    ["more than 64 KiB", { text: "é".repeat(32 * 1024 + 1) }, /dépasse 64 Kio/],
    [
      "a source that is gone",
      { text: "x", source: "ailleurs" },
      /Cette source n’est plus dans la configuration/,
    ],
  ])("is refused with what to do: %s", async (_, fields, message) => {
    // 64 KiB of accents are three times as much in a form: as much as is received at all, and no more.
    const reply = await (await as("remi")).submit(PAGE, TRY, { mark: "", ...fields });
    expect([422, 413]).toContain(reply.status);
    if (reply.status === 422) expect(reply.text).toMatch(message);
  });

  it("leaves no French on the English page", async () => {
    const person = await as("remi");
    person.cookies.set("tocsin-language", "en");
    for (const text of ["SONDE s-12 etat=chaud", '{"product":"Vigie","odd":"x"}', "\u0001\u0002\u0003", ""]) {
      const { html } = await tryText(person, text);
      expect(html).toContain('<html lang="en">');
      expect(frenchIn(html)).toEqual([]);
    }
  });

  it("is not read without the token of the page", async () => {
    const person = await as("remi");
    const { status, text } = await person.post(TRY, { text: "SONDE s-12" });
    expect(status).toBe(403);
    expect(text).toContain("Formulaire périmé");
  });

  it.each(CORPUS)("stays text in the page and in the draft: $name", async ({ text: hostile }) => {
    const person = await as("remi");
    const { html, status } = await tryText(
      person,
      JSON.stringify({ product: "Vigie", [hostile]: hostile, n: hostile }),
    );
    expect(status).toBe(200);
    expect(html).not.toMatch(/<(?:script>|img|svg|iframe|object|base|style>|meta http-equiv)/i);
    expect(html).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u2028]/);
  });
});

describe("a mapping of a message that was not understood", () => {
  const mapping = async (person: Visitor) => {
    const { text } = await person.get(PAGE);
    const mark = /name="mark" value="([0-9a-f]{32})"/.exec(text)?.[1] ?? "";
    return person.post(TRY, { csrf: hiddenFields(text, TRY).csrf ?? "", mark });
  };

  it("is made of the message as it was kept, which the page does not show whole", async () => {
    await refuse(`SONDE s-12 trop chaud IPP ${PATIENT}`);
    const { status, text } = await mapping(await as("omar"));
    expect(status).toBe(200);
    expect(load(draftIn(text))).toMatchObject({ mapping: "sonde" });
    expect(text).not.toContain(PATIENT);
  });

  it("says when the message has gone", async () => {
    const person = await as("omar");
    const { csrf = "" } = hiddenFields((await person.get(PAGE)).text, TRY);
    const { status, text } = await person.post(TRY, { csrf, mark: "0".repeat(32) });
    expect(status).toBe(409);
    expect(text).toContain("n’est plus parmi les derniers non compris");
  });
});
