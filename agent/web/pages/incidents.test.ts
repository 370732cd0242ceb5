import { afterEach, describe, expect, it } from "vitest";
import { type Seed, seededDesk } from "../../../test/support/seeded-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
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
const next = (text: string) => /href="([^"]+apres=[^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");

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
