import { beforeEach, describe, expect, it } from "vitest";
import type { Store, Write } from "../../agent/store/store.ts";
import { NIGHT, samples } from "../support/store-samples.ts";

/** The store's contract for alerts, and the incidents that their detections join. */
export function storeAlertsContract(bench: () => { store: Store; here: string; there: string }): void {
  let store: Store;
  let make: ReturnType<typeof samples>;
  let here: string;
  let there: string;
  beforeEach(() => {
    ({ store, here, there } = bench());
    make = samples();
  });
  const commit = (writes: Write[], facility: string = here) => store.commit({ facility, at: NIGHT, writes });

  it("finds the alert of a source's own event, and the incident that each detection is in", async () => {
    const [known, other] = [make.alert({ eventId: "event-1" }), make.alert({ eventId: "event-2" })];
    const incident = make.incident();
    await commit([make.incidentPut(incident), known, other]);
    await commit([{ write: "join", incident: incident.id, detections: [1] }]);
    const { source } = known.alert;
    const seqs = known.detections.map((_, i) => ({ seq: 1 + i, incident: i === 0 ? incident.id : null }));
    expect(await store.reads.event(here, known.alert)).toEqual({ alert: known.alert, detections: seqs });
    expect((await store.reads.event(here, other.alert))?.detections[0]).toMatchObject({ incident: null });
    expect(await store.reads.event(here, { source, eventId: "event-3" })).toBeUndefined();
    expect(await store.reads.event(here, { source, eventId: null })).toBeUndefined();
    expect(await store.reads.event(there, known.alert)).toBeUndefined();
  });

  it("counts the detections of an incident over time, what lies outside at the ends, what left it nowhere", async () => {
    const [first, other] = [make.incident(), make.incident()];
    const alerts = [-5, 0, 1, 12, 999].map((at) => make.alert({ occurred: NIGHT + at }));
    const ours = alerts.reduce((sum, { detections }) => sum + detections.length, 0);
    await commit([make.incidentPut(first), make.incidentPut(other), ...alerts]);
    const detections = Array.from({ length: ours }, (_, n) => n + 1);
    await commit([{ write: "join", incident: first.id, detections }]);
    const scale = { from: NIGHT, width: 10, intervals: 3, moved: true };
    const each = ours / alerts.length;
    expect(await store.reads.countOverTime(here, first.id, scale)).toEqual([3 * each, each, each]);
    expect(await store.reads.countOverTime(there, first.id, scale)).toEqual([0, 0, 0]);
    await commit([{ write: "join", incident: other.id, detections: [1] }]);
    expect(await store.reads.countOverTime(here, first.id, scale)).toEqual([3 * each - 1, each, each]);
    const all = { ...scale, moved: false };
    expect(await store.reads.countOverTime(here, first.id, all)).toEqual([3 * each, each, each]);
  });

  describe("alerts and detections", () => {
    it("stores an event once a source, within a unit and across units", async () => {
      const event = { source: "wazuh", eventId: "1580123327.49031" };
      const receipt = await commit([
        make.alert(event),
        make.alert(event),
        make.alert({ ...event, source: "siem" }),
      ]);
      expect(receipt).toEqual({ outcome: "committed", alerts: ["stored", "duplicate", "stored"] });
      expect(await commit([make.alert(event)])).toEqual({ outcome: "committed", alerts: ["duplicate"] });
      expect((await store.reads.detectionsAfter(here, 0, 10)).map(({ detection }) => detection.seq)).toEqual([
        1, 2,
      ]);
    });

    it("tells long event ids apart by more than their beginning", async () => {
      const long = "x".repeat(5000);
      const receipt = await commit([
        make.alert({ eventId: `${long}1` }),
        make.alert({ eventId: `${long}2` }),
      ]);
      expect(receipt).toMatchObject({ alerts: ["stored", "stored"] });
    });

    it("keeps two alerts whose source names no event", async () => {
      expect(await commit([make.alert(), make.alert()])).toMatchObject({ alerts: ["stored", "stored"] });
    });

    it("numbers detections without gaps and pages through them, several to an alert", async () => {
      await commit([make.alert({}, 3), make.alert({}, 0), make.alert({}, 2)]);
      const seqs = async (after: number, limit: number) =>
        (await store.reads.detectionsAfter(here, after, limit)).map(({ detection }) => detection.seq);
      expect(await seqs(0, 10)).toEqual([1, 2, 3, 4, 5]);
      expect(await seqs(0, 2)).toEqual([1, 2]);
      expect(await seqs(2, 2)).toEqual([3, 4]);
      expect(await seqs(4, 10)).toEqual([5]);
      expect(await seqs(5, 10)).toEqual([]);
    });

    it("gives back each detection with its alert and rule", async () => {
      const write = make.alert({}, 2);
      await commit([write]);
      const found = await store.reads.detectionsAfter(here, 1, 10);
      expect(found).toEqual([
        {
          detection: { ...write.detections[1], seq: 2, occurred: write.alert.occurred },
          alert: write.alert,
        },
      ]);
    });

    it("joins detections to an incident once and gives them by event time", async () => {
      const late = make.alert({ occurred: NIGHT + 9 });
      const early = make.alert({ occurred: NIGHT + 1 });
      await commit([late, early, make.alert()]);
      await commit([{ write: "join", incident: "i1", detections: [1, 2] }]);
      const before = await store.reads.journal(here, 1, 10);
      await commit([{ write: "join", incident: "i1", detections: [1] }]);
      const joined = await store.reads.detectionsOf(here, "i1", 10);
      expect(joined.map(({ alert }) => alert.id)).toEqual([early.alert.id, late.alert.id]);
      expect((await store.reads.detectionsOf(here, "i1", 1)).map(({ detection }) => detection.seq)).toEqual([
        2,
      ]);
      expect(await store.reads.journal(here, 1, 10)).toEqual(before);
    });

    it("joins detections of many alerts to several incidents in one unit, as in units of their own", async () => {
      await commit([make.alert({}, 2), make.alert(), make.alert({}, 0), make.alert()]);
      await commit([{ write: "join", incident: "i1", detections: [2] }]);
      await commit([
        { write: "join", incident: "i1", detections: [1, 2, 3] },
        { write: "join", incident: "i2", detections: [4] },
        { write: "join", incident: "i2", detections: [4, 2] },
        { write: "cursor", name: "c", from: 0, to: 4 },
        { write: "cursor", name: "c", from: 4, to: 5 },
      ]);
      const joined = async (incident: string) =>
        (await store.reads.detectionsOf(here, incident, 10)).map(({ detection }) => detection.seq).sort();
      expect([await joined("i1"), await joined("i2")]).toEqual([
        [1, 3],
        [2, 4],
      ]);
      expect(await store.reads.cursor(here, "c")).toBe(5);
      const entries = await store.reads.journal(here, 1, 20);
      const told = entries.filter(({ type }) => type === "joined").slice(1);
      expect(
        told.map(({ content }) =>
          (JSON.parse(content ?? "").detections as { seq: number }[]).map(({ seq }) => seq),
        ),
      ).toEqual([[1, 3], [4], [2]]);
    });

    it.each<
      [string, (put: (revision: number, reference: string, id?: string) => Write) => Write[], string | null]
    >([
      ["takes what follows what it wrote itself", (put) => [put(1, "A"), put(2, "A"), put(3, "B")], null],
      ["takes a name that it freed itself", (put) => [put(1, "A"), put(2, "B"), put(1, "A", "other")], null],
      [
        "refuses a revision that it has taken itself",
        (put) => [put(1, "A"), put(1, "A")],
        "stands at revision 1",
      ],
      [
        "refuses a name that it gave itself",
        (put) => [put(1, "A"), put(1, "A", "other")],
        "already has the name A",
      ],
      [
        "refuses a cursor that it moved itself",
        (put) => [put(1, "A"), ...[1, 2].map((to): Write => ({ write: "cursor", name: "c", from: 0, to }))],
        "stands at 1, not 0",
      ],
      [
        "refuses a detection that does not exist",
        () => [1, 9].map((seq): Write => ({ write: "join", incident: "i1", detections: [seq] })),
        "detection 9 is unknown",
      ],
    ])("one unit %s", async (_what, writes, because) => {
      await commit([make.alert()]);
      const put = (revision: number, reference: string, id = "one") =>
        make.incidentPut(make.incident({ id, reference }), revision);
      const receipt = await commit(writes(put));
      if (because === null) expect(receipt.outcome).toBe("committed");
      else expect(receipt).toMatchObject({ outcome: "conflict", because: expect.stringContaining(because) });
      const there = await store.reads.record(here, "incident", "one");
      expect(there !== undefined).toBe(because === null);
    });

    it("refuses to join a detection that does not exist", async () => {
      await commit([make.alert({}, 2)]);
      const receipt = await commit([{ write: "join", incident: "i1", detections: [1, 3] }]);
      expect(receipt).toMatchObject({ outcome: "conflict", because: "detection 3 is unknown" });
      expect(await store.reads.detectionsOf(here, "i1", 10)).toEqual([]);
    });
  });
}
