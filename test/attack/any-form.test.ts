import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { EFFORT } from "../support/effort.ts";
import { CORPUS } from "../support/hostile.ts";
import { BOUNDED, fc } from "../support/property.ts";
import { addressIn, type House, openHouse } from "../support/web-roles.ts";
import { ROUTES, type VisitorKind } from "../support/web-routes.ts";
import type { Login } from "../support/web-server.ts";

/** A form as a page shows it: what it would send untouched, and what else each field offers. */
interface Form {
  page: string;
  action: string;
  fields: { name: string; offered: string[] }[];
}

/** Would be an element of the page, were it written there as it came. */
const MARKED = '<b id="planted">"\'`</b>';
const WHO = ["director", "rssi", "dpo", "delegate"] as const satisfies readonly VisitorKind[];
/** Whose codes the scene tells. */
const LOGINS: Readonly<Partial<Record<VisitorKind, Login>>> = {
  director: "dora",
  rssi: "remi",
  delegate: "claire",
};
/** Who does it has to sign in again. */
const ENDS_SESSION = /\/(deconnexion|connexion|acces\/(moyens|sessions\/\w+))$/;
const PAGES = ROUTES.filter(({ route }) => route.startsWith("GET ") && !/ \/question|\.\w+$/.test(route));

/** Each in a house of its own: a session lasts only so many minutes. */
const ROUNDS = WHO.flatMap((kind) => Array.from({ length: EFFORT }, (_, round) => ({ kind, round })));

let house: House;
/** Pages and answers that say what was typed. */
let shown = 0;

/** Every form of the pages that somebody sees now. */
async function formsFor(kind: VisitorKind): Promise<Form[]> {
  const forms = new Map<string, Form>();
  for (const row of PAGES) {
    const page = addressIn(house, row);
    const { html } = await house.people[kind].get(page);
    for (const [, action = "", inside = ""] of html.matchAll(
      /<form[^>]* action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g,
    )) {
      const offered = new Map<string, string[]>();
      for (const [tag, name = ""] of inside.matchAll(
        /<(?:input|select|textarea|button)[^>]* name="([^"]+)"[^>]*>/g,
      )) {
        const value = / value="([^"]*)"/.exec(tag)?.[1];
        offered.set(name, [...(offered.get(name) ?? []), ...(value === undefined ? [] : [value])]);
      }
      for (const [, name = "", options = ""] of inside.matchAll(
        /<select[^>]* name="([^"]+)"[^>]*>([\s\S]*?)<\/select>/g,
      ))
        offered.set(
          name,
          [...options.matchAll(/<option[^>]* value="([^"]*)"/g)].map(([, value = ""]) => value),
        );
      const fields = [...offered].map(([name, values]) => ({ name, offered: values }));
      // Some stand on every page.
      const form = {
        page,
        action: new URL(action.replaceAll("&amp;", "&"), house.scene.url + page).pathname,
        fields,
      };
      if (!ENDS_SESSION.test(form.action)) forms.set(`${form.action} ${[...offered.keys()].join()}`, form);
    }
  }
  return [...forms.values()];
}

/** What some field would take, marked where it can be. */
const FITTING = [
  `Un motif qui suffit ${MARKED}.`,
  "2026-11-13",
  "2026-11-13T10:00",
  "10:00",
  "3",
  "a@example.org",
];
const HOSTILE = fc.oneof(
  fc.constantFrom(
    MARKED,
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "true",
    "[]",
    "2026-02-30",
    "2026-11-14T25:61",
    "__proto__",
    "../..",
    "é".repeat(9000),
  ),
  fc.constantFrom(...CORPUS.map(({ text }) => text)),
  fc.string({ unit: "binary", maxLength: 60 }),
);

describe.each(ROUNDS)("any form, $kind, round $round", ({ kind }) => {
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.scene.close());

  it("is answered, whatever stands in it", async () => {
    const who = house.people[kind];
    const forms = await formsFor(kind);
    expect(forms.length).toBeGreaterThan(10);
    const login = LOGINS[kind];
    const filled = fc.constantFrom(...forms).chain(({ action, fields }) =>
      fc.record({
        action: fc.constant(action),
        values: fc.tuple(
          ...fields.map(({ name, offered }) =>
            fc.tuple(
              fc.constant(name),
              ["csrf", "jeton"].includes(name)
                ? fc.constant(offered[0] ?? "")
                : fc.oneof(
                    { weight: 8, arbitrary: fc.constantFrom(...(offered.length === 0 ? FITTING : offered)) },
                    { weight: 3, arbitrary: HOSTILE },
                    { weight: 1, arbitrary: fc.constant(undefined) },
                  ),
            ),
          ),
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(filled, async ({ action, values }) => {
        const body = new URLSearchParams();
        for (const [name, value] of values) if (value !== undefined) body.append(name, value);
        if (login !== undefined && body.has("code")) body.set("code", house.scene.code(login));
        const reply = await who.get(action, {
          method: "POST",
          body,
        });
        // A code serves once, and too many wrong ones are refused for a while.
        house.scene.clock.instant += MICROSECONDS.minute;
        expect({ status: reply.status, body: reply.html.slice(0, 300) }).toEqual({
          status: expect.toSatisfy((status: number) => status < 500 || status === 503),
          body: expect.any(String),
        });
        expect(reply.html).not.toContain('id="planted"');
        if (reply.html.includes("&lt;b id=")) shown += 1;
      }),
      { ...BOUNDED, numRuns: 150, endOnFailure: true },
    );
  });

  it("leaves pages that can be read, with nothing in them that was not ours", async () => {
    for (const row of PAGES) {
      const reply = await house.people[kind].get(addressIn(house, row));
      expect([row.route, reply.status]).toEqual([row.route, expect.toSatisfy((status) => status < 500)]);
      expect(reply.html).not.toContain('id="planted"');
      if (reply.html.includes("&lt;b id=")) shown += 1;
    }
  });
});

describe("what was typed", () => {
  it("was shown somewhere, as it was typed", () => expect(shown).toBeGreaterThan(0));
});
