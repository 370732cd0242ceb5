import { expect, it } from "vitest";
import { loadRegimes } from "../../../rules/regimes/load-regime.ts";
import { NIGHT } from "../../../test/support/store-samples.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Account } from "../../core/person.ts";
import type { Calls } from "../../core/roster.ts";
import type { Reads } from "../../store/store.ts";
import { FACILITY_KINDS } from "../french.ts";
import type { Setup } from "../work.ts";
import { crisisKit } from "./crisis-kit.ts";
import { crisisKitPdf } from "./crisis-kit-pdf.ts";

const account = (over: Partial<Account>) =>
  ({
    id: "1",
    login: "a.b",
    name: "Anne Ortolan",
    role: "delegate",
    function: "",
    phone: "",
    email: "",
    active: true,
    ...over,
  }) as Account;
const PEOPLE = [
  account({ phone: "01 23 45 67 89" }),
  account({ id: "2", login: "r.r", name: "Rémi Roux", role: "rssi" }),
  account({ id: "3", login: "old", name: "Qui est partie", active: false }),
];
const shift = (day: number, who: string, rank = 1) => ({
  ...{ who, rank },
  from: NIGHT + day * MICROSECONDS.day,
  until: NIGHT + (day + 1) * MICROSECONDS.day,
});
const SHIFTS = [shift(0, "a.b"), shift(1, "inconnu"), shift(2, "r.r", 2), shift(40, "Dans quarante jours")];
const calls = (sha256 = "a") =>
  ({
    rosters: {
      current: () => ({
        rosters: [
          {
            role: "on_call",
            people: [],
            shiftsWithin: (from: number, until: number) =>
              SHIFTS.filter((each) => each.until > from && each.from < until),
          },
        ],
        sha256,
        problems: [],
      }),
    },
  }) as unknown as Calls;
const setup = (over: Partial<Setup> = {}): Parameters<typeof crisisKit>[0]["setup"] => ({
  facility: {
    id: "chv",
    name: "CH du Val",
    kind: "etablissement_de_sante",
    time_zone: "Europe/Paris",
  } as Setup["facility"],
  mode: "live",
  regimes: loadRegimes(["sante-2022", "sante-2016"]),
  outbound: [
    {
      ...{ id: "ars", reach: "assisted", kind: "declaration", fallback: true, duties: ["sante"] },
      guide: { to: "ARS Exemple", phone: "09 00 00 00 00", steps: ["Dites le nom de l'établissement."] },
    },
  ],
  calls: calls(),
  ...over,
});
const reads = (people: Account[] = PEOPLE) =>
  ({ byState: async () => people.map((content) => ({ revision: 1, content })) }) as unknown as Pick<
    Reads,
    "byState"
  >;
const kit = (over: Partial<Setup> = {}, people?: Account[], now = NIGHT) =>
  crisisKit({ reads: reads(people), setup: setup(over), now });

it("has who is on call for thirty days with numbers, whom to call, every field of the form, and how to go on", async () => {
  const { lines } = await kit();
  const text = lines.map((line) => line.text).join("\n");
  expect(text).toContain("Anne Ortolan, 01 23 45 67 89");
  expect(text).toContain("inconnu, numéro inconnu de Tocsin");
  expect(text).toContain("Rémi Roux (suppléance)");
  expect(text).not.toMatch(/Dans quarante jours|Qui est partie/);
  expect(text).toMatch(/ARS Exemple\n09 00 00 00 00\nDites le nom/);
  expect(text.match(/Formulaire vierge/g)).toHaveLength(1);
  const labels = setup().regimes.flatMap(({ form }) => form?.sections.flatMap(({ fields }) => fields) ?? []);
  expect(labels.length).toBeGreaterThan(20);
  const { name } = setup().facility;
  const known = new Set([
    `Raison sociale : ${name}`,
    `Type de structure : ${FACILITY_KINDS[setup().facility.kind]}`,
  ]);
  expect(lines.filter(({ line, text }) => line === "item" && known.has(text))).toHaveLength(known.size);
  const blanks = lines.flatMap((line) => (line.line === "blank" ? [line] : []));
  const unprinted = labels.filter(({ label }) => !blanks.some((blank) => blank.text === label));
  expect(new Set(unprinted.map(({ id }) => id))).toEqual(new Set(["facility_name", "facility_kind"]));
  expect(blanks.find(({ text }) => text === "Description de l'incident")?.rows).toBe(2);
  expect(text).toContain("tocsin resume");
});

it("is the same the day after, and another when a number, the roster, a way out or the mode changes", async () => {
  const { fingerprint } = await kit();
  expect((await kit({}, PEOPLE, NIGHT + MICROSECONDS.day)).fingerprint).toBe(fingerprint);
  const others = await Promise.all([
    kit({}, [account({ phone: "06 00 00 00 00" })]),
    kit({ calls: calls("b") }),
    kit({ outbound: [] }),
    kit({ mode: "exercise" }),
  ]);
  expect(new Set([fingerprint, ...others.map((each) => each.fingerprint)]).size).toBe(5);
});

it("has lines to write on where nothing is known", async () => {
  const { lines } = await kit({ calls: undefined, outbound: [] }, []);
  expect(lines).toContainEqual({
    line: "text",
    text: "Aucun tour de garde n'est configuré : écrivez-le ici.",
  });
});

it("is a tagged PDF of some pages, whatever people are called, and the exercise is another", async () => {
  const hostile = [account({ name: "\u202eAnne \u0000 <b>&", phone: "x".repeat(3000) })];
  const papers = await Promise.all(
    [kit(), kit({}, hostile), kit({ mode: "exercise" })].map((each) => each.then(crisisKitPdf)),
  );
  for (const paper of papers) {
    const text = paper.toString("latin1");
    expect(text).toMatch(/^%PDF-1\.7/);
    expect(text).toContain("/MarkInfo");
    expect(text.match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(2);
  }
});
