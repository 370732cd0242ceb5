import { afterEach, describe, expect, it } from "vitest";
import { aFact, NIGHT } from "../../../test/support/incident.ts";
import { type Seed, seededDesk } from "../../../test/support/seeded-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { IncidentState } from "../../core/incident.ts";

let scene: Scene;
afterEach(() => scene.close());

async function listOf(...seeds: Seed[]) {
  scene = await startScene({ desk: seededDesk(seeds) });
  const person = visitor(scene);
  await person.signIn("claire");
  return person;
}
const many = (count: number, state: IncidentState, from = 0): Seed[] =>
  Array.from({ length: count }, (_, i) => ({
    incident: { id: `${state}-${from + i}`, state, because: `n° ${from + i}` },
  }));
const ids = (text: string) =>
  [...text.matchAll(/href="\/chv\/incidents\/([a-z_]+-\d+)"/g)].map(([, id]) => id);
const next = (text: string) =>
  /href="([^"]+apres=[^"]+)">Voir la suite/.exec(text)?.[1]?.replaceAll("&amp;", "&");

describe("a list of incidents in one state", () => {
  it("goes on from page to page, newest first, each once, and ends", async () => {
    // Others of another state between them take no place.
    const seeds = [...many(60, "closed"), ...many(30, "set_aside"), ...many(60, "closed", 60)];
    const person = await listOf(...seeds);
    const seen: (string | undefined)[] = [];
    const sizes: number[] = [];
    for (let page: string | undefined = "/chv/incidents?etat=closed"; page !== undefined; ) {
      const { status, text } = await person.get(page);
      expect(status).toBe(200);
      expect(text).toContain('<option value="closed" selected>');
      sizes.push(ids(text).length);
      seen.push(...ids(text));
      page = next(text);
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(seen).toEqual(Array.from({ length: 120 }, (_, i) => `closed-${119 - i}`));
  });

  it("offers no page beyond one that is full to the brim", async () => {
    const { text } = await (await listOf(...many(50, "closed"))).get("/chv/incidents?etat=closed");
    expect(ids(text)).toHaveLength(50);
    expect(next(text)).toBeUndefined();
    expect(text).toMatch(/class="tally">50</);
  });

  it("is the first page again from a place that names no incident", async () => {
    const person = await listOf(...many(60, "closed"));
    const { text } = await person.get("/chv/incidents?etat=closed&apres=inconnu");
    expect(ids(text)).toHaveLength(50);
  });
});

describe("the list without a filter", () => {
  it("leads from a group that is too long to each of its states", async () => {
    const person = await listOf(...many(51, "open"), ...many(3, "declared"));
    const { text } = await person.get("/chv/incidents");
    expect(text).toMatch(/class="tally">50\+</);
    for (const state of ["open", "declared", "facts_ended"])
      expect(text).toContain(`href="/chv/incidents?etat=${state}">Tous\u00a0: `);
    // A place on another list counts for nothing here.
    expect(ids((await person.get("/chv/incidents?apres=open-20")).text)).toEqual(ids(text));
  });
});

describe("a search in the incidents", () => {
  const host = { kind: "host", value: "srv-pacs-01" } as const;
  const seeds: Seed[] = [
    { incident: { id: "open-1", state: "open", because: "Le PACS ne répond plus.", systems: ["pacs"] } },
    { incident: { id: "open-2", state: "open", because: "Panne de la messagerie.", entities: [host] } },
    {
      incident: {
        id: "closed-3",
        state: "closed",
        because: "Rien.",
        occurred: NIGHT - 40 * MICROSECONDS.day,
      },
    },
    {
      incident: { id: "open-4", state: "open", declarant: "acc-claire" },
      facts: [aFact("degraded_mode", { text: "Le bloc est passé au papier, très gêné." })],
    },
  ];

  it.each([
    { asked: "q=2026-0002", found: ["open-2"] },
    { asked: "q=SRV-pacs", found: ["open-2"] },
    { asked: "q=messagerie+panne", found: ["open-2"] },
    { asked: "q=tres+gene", found: ["open-4"] },
    { asked: "q=d%C3%A9grad%C3%A9", found: ["open-4"] },
    { asked: "systeme=pacs", found: ["open-1"] },
    { asked: "etat=open&q=2026", found: ["open-4", "open-2", "open-1"] },
    { asked: "au=2026-10-31", found: ["closed-3"] },
    { asked: "du=2026-11-15&au=2026-11-15", found: ["open-4", "open-2", "open-1"] },
    { asked: "qui=moi", found: ["open-4"] },
    { asked: "declare=oui", found: [] },
    { asked: "q=messagerie+bloc", found: [] },
  ])("$asked finds $found", async ({ asked, found }) => {
    const person = await listOf(...seeds);
    const { status, text } = await eventually(person, `/chv/incidents?${asked}`);
    expect(status).toBe(200);
    expect(ids(text)).toEqual(found);
    if (found.length === 0) expect(text).toContain("Retirez un filtre ou un mot");
  });

  it("goes on from page to page and keeps what was asked", async () => {
    const person = await listOf(...many(60, "open"), ...many(60, "closed"));
    const first = await eventually(person, "/chv/incidents?q=2026&etat=open");
    expect(ids(first.text)).toHaveLength(50);
    expect(first.text).toMatch(/class="tally">60</);
    const page = next(first.text) ?? "";
    expect(page).toContain("q=2026");
    expect(ids((await person.get(page)).text)).toHaveLength(10);
  });

  it("shows what was typed as text, whatever it is", async () => {
    const person = await listOf(...many(1, "open"));
    const { text } = await eventually(
      person,
      `/chv/incidents?q=${encodeURIComponent('"><script>x</script>')}`,
    );
    expect(text).toContain("&quot;&gt;&lt;script&gt;x&lt;/script&gt;");
    expect(text).not.toContain("<script>x");
  });

  it("ignores a filter that it does not know", async () => {
    const person = await listOf(...many(2, "open"));
    const { status, text } = await person.get("/chv/incidents?etat=nonsense&avis=x&du=yesterday");
    expect(status).toBe(200);
    expect(ids(text)).toHaveLength(2);
  });
});

describe("clocks on the list", () => {
  const deadline = {
    regime: "rgpd-33",
    label: "Notifier à la CNIL (72 h)",
    from: "found" as const,
    started: NIGHT,
  };
  it.each([
    { due: NIGHT + 72 * MICROSECONDS.hour, said: "À faire avant" },
    { due: NIGHT - MICROSECONDS.hour, said: "Délai dépassé" },
    { due: null, said: "Sans délai" },
  ])("say $said and the duty", async ({ due, said }) => {
    const person = await listOf(...many(1, "in_review"));
    const content = { ...deadline, id: "clock-1", incident: "in_review-0", due, met: null };
    const record = {
      write: "record",
      kind: "deadline",
      revision: 1,
      incident: "in_review-0",
      state: null,
    } as const;
    await scene.store.commit({ facility: "chv", at: NIGHT, writes: [{ ...record, id: "clock-1", content }] });
    const { text } = await person.get("/chv/incidents");
    expect(text).toContain(said);
    expect(text).toContain("Notifier à la CNIL (72 h)");
  });

  it("say nothing once they are met or void", async () => {
    const person = await listOf(...many(1, "in_review"));
    const record = {
      write: "record",
      kind: "deadline",
      revision: 1,
      incident: "in_review-0",
      state: null,
    } as const;
    const content = (id: string, over: object) => ({
      ...{ ...deadline, id, incident: "in_review-0", due: NIGHT, met: null },
      ...over,
    });
    const writes = [
      { ...record, id: "clock-1", content: content("clock-1", { met: NIGHT }) },
      { ...record, id: "clock-2", content: content("clock-2", { void: true }) },
    ];
    await scene.store.commit({ facility: "chv", at: NIGHT, writes });
    expect((await person.get("/chv/incidents")).text).not.toContain("Notifier à la CNIL");
  });
});

it("the version that scripts watch changes with the record, and only then", async () => {
  const person = await listOf(...many(1, "open"));
  await eventually(person, "/chv/incidents?q=2026");
  const version = async () => JSON.parse((await person.get("/chv/incidents/version")).text).version;
  const before = await version();
  expect(await version()).toBe(before);
  await person.submit("/chv/registre/hors-tocsin", "/chv/registre/hors-tocsin", {
    declared_date: "2026-11-14",
    where: "CNIL, téléservice",
    what: "Courriel envoyé au mauvais destinataire.",
    by: "Le DPO",
  });
  expect(await version()).toBeGreaterThan(before);
});

/** The page once the register has been read: until then it says how far it is. */
async function eventually(person: Awaited<ReturnType<typeof listOf>>, page: string) {
  for (let tries = 0; ; tries += 1) {
    const reply = await person.get(page);
    if (!reply.text.includes("Tocsin relit ses dossiers") || tries > 50) return reply;
  }
}
