import { describe, expect, it } from "vitest";
import { NIGHT, systemsOf } from "../../../test/support/incident.ts";
import { aDuty, anEntry } from "../../../test/support/register-entry.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Masked } from "../../core/masked.ts";
import { dependenciesOf } from "../mute/dependencies.ts";
import { type Year, yearIn } from "./calendar.ts";
import { dutyReports } from "./duty-report.ts";
import type { DutyVersion, Noted, RegisterEntry } from "./entry.ts";
import { tellReport } from "./tell-report.ts";
import { yearReport } from "./year-report.ts";

const { hour } = MICROSECONDS;
const DUE = NIGHT + 72 * hour;
const NOW = NIGHT + 100 * hour;
const [DPO, HOW] = [
  { account: "acc-5", name: "Inès Faure" },
  { channel: "web", second_factor: "totp" } as const,
];

const version = (over: Partial<Noted<DutyVersion>> = {}): Noted<DutyVersion> => ({
  id: "incident-1/rgpd-33",
  incident: "incident-1",
  regime: "rgpd-33",
  version: 1,
  state: "draft",
  decision: undefined,
  notified: undefined,
  created: 1,
  told: null,
  entry: 50,
  ...over,
});
const notified = (at: number, over: { late?: string; where?: string } = {}) =>
  version({
    state: "notified",
    told: { exercise: false, late: null },
    decision: { by: DPO, how: HOW, at, reason: null },
    notified: { at, where: "CNIL", reference: "N-7", by: "Inès Faure", writer: DPO, recorded: at, ...over },
    entry: 51,
  });
const clock = (met: number | null, over: Partial<Deadline> = {}): Noted<Deadline> => ({
  ...{ id: "c", incident: "incident-1", regime: "rgpd-33", label: "72 h", from: "awareness", started: NIGHT },
  ...{ due: DUE, met, entry: 9, ...over },
});
const aFile = (dutyVersions: Noted<DutyVersion>[], deadlines: Noted<Deadline>[]): RegisterEntry =>
  anEntry({
    duties: [aDuty({ regime: "rgpd-33", title: "Violation (CNIL)", leads: false })],
    dutyVersions,
    deadlines,
  });

const COUNTS = { opened: 1, filed: 0, late: 0, lateWithReason: 0, left: 0, unfiled: 0, overdue: 0 };

describe("the texts of another duty", () => {
  it.each<[string, RegisterEntry, Partial<typeof COUNTS>]>([
    ["that waits in time", aFile([version()], [clock(null, { due: NOW + hour })]), { unfiled: 1 }],
    ["that waits after its time", aFile([version()], [clock(null)]), { unfiled: 1, overdue: 1 }],
    [
      "that waits, and whose cause was withdrawn",
      aFile([version()], [clock(null, { void: true })]),
      { unfiled: 1 },
    ],
    ["notified in time", aFile([notified(DUE - hour)], [clock(DUE - hour)]), { filed: 1 }],
    [
      "notified late without a reason",
      aFile([notified(DUE + hour)], [clock(DUE + hour)]),
      { filed: 1, late: 1 },
    ],
    [
      "notified late with the reason of who wrote it down",
      aFile([notified(DUE + hour, { late: "Télé-service en panne." })], [clock(DUE + hour)]),
      { filed: 1, late: 1, lateWithReason: 1 },
    ],
    [
      "notified late with the reason in its text",
      aFile(
        [{ ...notified(DUE + hour), told: { exercise: false, late: "Ampleur inconnue." } }],
        [clock(DUE + hour)],
      ),
      { filed: 1, late: 1, lateWithReason: 1 },
    ],
    [
      "notified, with a complement that waits",
      aFile([notified(DUE - hour), version({ version: 2, entry: 60 })], [clock(DUE - hour)]),
      { filed: 1 },
    ],
    [
      "left with its reasons, even after its time",
      aFile(
        [
          version({
            state: "not_notified",
            decision: { by: DPO, how: HOW, at: NOW, reason: "Aucun risque." },
          }),
        ],
        [clock(NOW)],
      ),
      { left: 1 },
    ],
    [
      "approved and never notified",
      aFile([version({ state: "approved" })], [clock(null)]),
      { unfiled: 1, overdue: 1 },
    ],
  ])("%s is counted once", (_, entry, counts) => {
    expect(dutyReports([entry], NOW)).toMatchObject([{ regime: "rgpd-33", ...COUNTS, ...counts }]);
  });

  it("are told duty by duty, each line with its entry, its reference and why it was late", () => {
    const late = aFile([notified(DUE + hour, { late: "Télé-service en panne." })], [clock(DUE + hour)]);
    const waits = aFile([version({ told: { exercise: true, late: null } })], [clock(null)]);
    const made = yearReport({
      ...{ year: yearIn(2026, "Europe/Paris") as Year, now: NOW, head: 99, entries: [late, waits] },
      ...{ outside: [], mutes: [], signOffs: [], house: [] },
      dependencies: dependenciesOf(systemsOf().values()),
    });
    const text = tellReport(made as Masked<typeof made>, "Europe/Paris");
    expect(text).toMatch(
      /Violation \(CNIL\) : ouverts 2 ; notifiés 1 ; dont en retard 1 \(motifs au dossier : 1\) ; .*pas encore notifiés 1, dont délai dépassé 1/,
    );
    expect(text).toMatch(/: CNIL, n° N-7 ; EN RETARD, .*Motifs : Télé-service en panne\. \[n° 51\]/);
    expect(text).toMatch(
      /\(EXERCICE\) : Projet, version 1 ; EN RETARD, .*Motifs : aucun au dossier \[n° 50\]/,
    );
    // What was notified, or left with a reason, asks for no declaration elsewhere.
    expect(made.otherDuties.map(({ reference }) => reference)).toEqual([waits.incident.reference]);
  });
});
