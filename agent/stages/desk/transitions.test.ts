import { afterEach, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { OPERATOR, REASON, RSSI, statingScene } from "../../../test/support/stating.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { INCIDENT_TRANSITIONS, type IncidentState } from "../../core/incident.ts";
import { mayMove } from "../../core/transitions.ts";

let stages: Stages;
afterEach(() => stages?.close());
const { statement, opened, dossier, journal } = statingScene(() => stages);

it("no sequence of acts takes an incident through a state that the table forbids", {
  timeout: 120_000,
}, async () => {
  const acts = [
    "state",
    "end",
    "withdraw",
    "alert",
    "note",
    "outage",
    "answer",
    "close",
    "reopen",
    "pass",
    "secret",
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...acts), { minLength: 1, maxLength: 12 }), async (steps) => {
      stages = await openStages();
      try {
        const id = await opened({ kinds: ["account_compromised"] });
        for (const step of steps) await play(step, id);
        const states = new Map<string, IncidentState>();
        for (const { content } of await journal("incident.put")) {
          const { content: incident } = JSON.parse(content ?? "{}") as {
            content: { id: string; state: IncidentState };
          };
          const before = states.get(incident.id) ?? "candidate";
          expect([before, incident.state, reaches(before, incident.state)]).toEqual([
            before,
            incident.state,
            true,
          ]);
          states.set(incident.id, incident.state);
        }
      } finally {
        await stages.close();
      }
    }),
    { ...BOUNDED, numRuns: 15 },
  );
  stages = await openStages();
});

/** One unit of work may take two steps: opened, then found reportable. */
function reaches(from: IncidentState, to: IncidentState): boolean {
  if (from === to || mayMove(INCIDENT_TRANSITIONS, from, to)) return true;
  return INCIDENT_TRANSITIONS[from].some((via) => mayMove(INCIDENT_TRANSITIONS, via, to));
}

async function play(step: string, id: string): Promise<void> {
  const { desk } = stages;
  const minute = Math.round((stages.clock.now() - NIGHT) / MICROSECONDS.minute);
  const [standing] = (await dossier(id)).facts.filter(({ withdrawn }) => withdrawn === null);
  const fact = standing?.id ?? "";
  switch (step) {
    case "state":
      await desk.stateFacts(id, statement({ systems: ["pacs"] }), OPERATOR);
      return;
    case "end":
      await desk.endFact({ incident: id, fact, source: { who: "self", name: "" } }, OPERATOR);
      return;
    case "withdraw":
      await desk.withdrawFact({ incident: id, fact, reason: REASON }, RSSI);
      return;
    case "alert":
      return stages.take({ ...DELETED, minute });
    case "note":
      return stages.take({ ...NOTE, minute });
    case "outage":
      return stages.take(down("dpi-01", minute));
    case "answer":
      await desk.answer({ incident: id, question: "degraded_mode", answer: "yes" }, OPERATOR);
      return;
    case "close":
      await desk.closeByHand({ incident: id, reason: REASON }, RSSI);
      return;
    case "reopen":
      await desk.reopen({ incident: id, reason: REASON }, RSSI);
      return;
    case "secret":
      await desk.flagSecret({ incident: id, holds: minute % 2 === 0, reason: REASON }, stages.delegate);
      return;
    default:
      stages.clock.pass(301);
      await stages.sweeper.sweep();
  }
}
