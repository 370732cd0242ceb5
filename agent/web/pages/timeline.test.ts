import { describe, expect, it } from "vitest";
import { aFact, anIncident, NIGHT } from "../../../test/support/incident.ts";
import { SYSTEMS } from "../../../test/support/web-declaration.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { GroupLink } from "../../core/group-link.ts";
import type { DossierLinks } from "../../stages/group/group-desk.ts";
import { frenchTime } from "../french-time.ts";
import { scaleOf, timelineOf } from "./timeline.ts";

const time = frenchTime("Europe/Paris");
const { minute, day } = MICROSECONDS;
type Told = Parameters<typeof scaleOf>[0];
const dossier = (over: Partial<Told> = {}): Told => ({
  incident: anIncident({
    occurred: NIGHT,
    first_alert: NIGHT,
    last_alert: NIGHT + 60 * minute,
    found: NIGHT + 20 * minute,
    alerts: 3,
  }),
  facts: [],
  systems: SYSTEMS,
  decisions: [],
  deliveries: [],
  effects: [],
  notes: [],
  ...over,
});
const draw = (told: Told, now = NIGHT + 90 * minute) => {
  const scale = scaleOf(told, now);
  const counts = Array.from({ length: scale.intervals }, (_, n) => (n === 0 ? 2 : n === 40 ? 1 : 0));
  return { scale, ...timelineOf(told, { scale, counts, time, now }) };
};

describe("the scale of a timeline", () => {
  it("runs from the beginning to a little after the last that happened", () => {
    const { from, width, intervals } = scaleOf(dossier(), NIGHT + 90 * minute);
    expect(from).toBe(NIGHT);
    expect((width * intervals) / minute).toBeCloseTo(65, 3);
  });

  it.each<[string, Partial<Told>, (scale: ReturnType<typeof scaleOf>) => void]>([
    [
      "goes back a month at most, whatever a sender's clock says",
      { facts: [aFact("data_lost", { since: 0 })] },
      ({ from }) => expect(from).toBe(NIGHT - 30 * day),
    ],
    [
      "does not reach into the future",
      { facts: [aFact("data_lost", { since: NIGHT + 900 * day })] },
      ({ from, width, intervals }) => expect(from + width * intervals).toBeLessThan(NIGHT + day),
    ],
    [
      "covers some minutes even of one instant",
      {
        incident: anIncident({
          occurred: NIGHT,
          first_alert: NIGHT,
          last_alert: NIGHT,
          found: null,
          alerts: 1,
        }),
      },
      ({ width, intervals }) => expect(width * intervals).toBeGreaterThanOrEqual(10 * minute),
    ],
  ])("%s", (_, over, check) => check(scaleOf(dossier(over), NIGHT + 90 * minute)));
});

describe("the picture of an incident", () => {
  it("counts alerts in intervals, and sees one beside many", () => {
    const { alerts } = draw(dossier());
    expect(alerts.total).toBe(3);
    expect(alerts.bars.map(({ x }) => x)).toEqual(["0%", "83.33%"]);
    expect(alerts.bars[1]?.height).toBeGreaterThanOrEqual(3);
  });

  it("draws a state as a bar that ends, or runs to the edge, and an event as a point", () => {
    const facts = [
      aFact("system_unavailable", { system: "pacs", since: NIGHT, until: NIGHT + 65 * minute * 0.5 }),
      aFact("degraded_mode", { since: NIGHT + 65 * minute * 0.5 }),
      aFact("data_altered", { system: "ris", since: NIGHT + 13 * minute }),
    ];
    const rows = draw(dossier({ facts })).rows.filter(({ kind }) => kind === "fact");
    expect(rows.map(({ state, lasts, x, width }) => ({ state, lasts, x, width }))).toEqual([
      { state: true, lasts: false, x: "0%", width: "50%" },
      { state: false, lasts: false, x: "20%", width: "0.8%" },
      { state: true, lasts: true, x: "50%", width: "50%" },
    ]);
    expect(rows[0]?.clock).toMatch(/^\d\d:\d\d$/);
    expect(rows[0]).toMatchObject({ system: "PACS régional", label: "Système indisponible" });
  });

  it("says in words all that it draws, in time, notes and withdrawn facts too", () => {
    const author = { account: "a", name: "Dr Roux" };
    const at = NIGHT + 5 * minute;
    const { lines } = draw(
      dossier({
        facts: [aFact("site_defaced", { since: NIGHT, withdrawn: { at, writer: "A", reason: "non" } })],
        notes: [{ id: "n", incident: "i", at: at + minute, about: at, author, text: "Appelé l'éditeur." }],
      }),
    );
    expect(lines.map(({ kind, text, by }) => [kind, text, by])).toEqual([
      ["Alertes", "2 alertes", null],
      ["Fait", "Site internet défiguré (soupçon) (retiré)", expect.any(String)],
      ["Note", "Appelé l'éditeur.", "Dr Roux"],
      ["Personne", "Constat : une personne en prend note", null],
      ["Alertes", "Une alerte", null],
    ]);
  });

  it("is bounded: what is not drawn or listed is counted", () => {
    const facts = Array.from({ length: 300 }, (_, n) =>
      aFact("data_lost", { id: `f${n}`, since: NIGHT + n }),
    );
    const picture = draw(dossier({ facts }));
    expect(picture.rows).toHaveLength(12);
    expect(picture.more).toBe(289);
    expect(picture.lines).toHaveLength(150);
    expect(picture.moreLines).toBe(153);
  });

  it.each([10, 65, 700, 10_000, 60_000])("has two to eight marks on an axis of %i minutes", (minutes) => {
    const incident = anIncident({
      occurred: NIGHT,
      first_alert: NIGHT,
      last_alert: NIGHT + minutes * minute,
      found: null,
      alerts: 3,
    });
    const { ticks } = draw(dossier({ incident }), NIGHT + 2 * minutes * minute);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
  });
});

describe("the timeline of a dossier that is linked with those of other facilities", () => {
  const link = (over: Partial<GroupLink> = {}): GroupLink => ({
    ...{ id: "l1", incident: "i", reference: "2026-0001", at: NIGHT + 30 * minute, reason: "Même compte." },
    other: { facility: "chy", name: "CH Y", incident: "y1", reference: "2026-0007", title: "Rançongiciel" },
    by: { account: "acc-rania", name: "Dr Rania" },
    ...{ answers: null, withdrawn: null },
    ...over,
  });
  const told = (group: Pick<DossierLinks, "links" | "proposals"> | null) => {
    const scale = scaleOf(dossier(), NIGHT + 90 * minute);
    const counts = [3];
    const picture = timelineOf(dossier(), { scale, counts, time, now: NIGHT + 90 * minute, group });
    return picture.lines.map(({ at, kind, text, by }) => [(at - NIGHT) / minute, kind, text, by]);
  };
  const ALERTS = [0, "Alertes", "3 alertes", null];
  const FOUND = [20, "Personne", "Constat : une personne en prend note", null];
  const LINKED = "Lié à un dossier d’un autre établissement : CH Y, 2026-0007";
  const withdrawn = { account: "a", name: "Dr Audrey", at: NIGHT + 50 * minute, reason: "Un autre compte." };
  const theirs = { name: "Dr Yann", account: "acc-yann" };

  it.each<[string, Pick<DossierLinks, "links" | "proposals">, unknown[][]]>([
    [
      "declared here, confirmed there or not",
      { links: [{ link: link(), both: true }], proposals: [] },
      [ALERTS, FOUND, [30, "Personne", LINKED, "Dr Rania"]],
    ],
    [
      "declared here and taken back: both",
      { links: [{ link: link({ withdrawn }), both: false }], proposals: [] },
      [
        ALERTS,
        FOUND,
        [30, "Personne", LINKED, "Dr Rania"],
        [50, "Personne", "Lien retiré : CH Y, 2026-0007", "Dr Audrey"],
      ],
    ],
    [
      "declared elsewhere: by the reference that the dossier has there, and by whom",
      {
        links: [],
        proposals: [
          {
            facility: { id: "chz", name: "CH Z" },
            link: link({ reference: "2026-0042", by: theirs, at: NIGHT + 10 * minute }),
          },
        ],
      },
      [
        ALERTS,
        [10, "Personne", "Lien proposé par un autre établissement : CH Z, 2026-0042", "Dr Yann"],
        FOUND,
      ],
    ],
  ])("says in its place what was %s", (_, group, lines) => {
    expect(told(group)).toEqual(lines);
  });

  it("says nothing of links where there is no group", () => {
    expect(told(null)).toEqual([ALERTS, FOUND]);
  });

  it("draws no link: the picture and its span are those of what happened here", () => {
    const scale = scaleOf(dossier(), NIGHT + 90 * minute);
    const given = { scale, counts: [3], time, now: NIGHT + 90 * minute };
    const late = { links: [{ link: link({ at: NIGHT + 80 * minute }), both: false }], proposals: [] };
    const { lines: _without, ...bare } = timelineOf(dossier(), given);
    const { lines: _with, ...drawn } = timelineOf(dossier(), { ...given, group: late });
    expect(drawn).toEqual(bare);
  });
});
