import type { Alert } from "../../agent/core/alert.ts";
import type { DetectionRule } from "../../agent/core/detection.ts";
import type { Reads, StoredAlert, StoredDetection } from "../../agent/store/store.ts";
import { NIGHT } from "./web-declaration.ts";

const RULE: DetectionRule = {
  id: "rule-1",
  version: "000000000000",
  title: "Beacon",
  level: "high",
  tags: ["attack.command_and_control"],
};

/** Reads of one incident with these alerts, a second apart; `calm` ones come of a rule of breakdowns. */
export function readsOf(alerts: readonly { alert: Alert; calm?: boolean }[]): Pick<Reads, "detectionsOf"> {
  const all = alerts.map(({ alert, calm }, n) => {
    const occurred = NIGHT + n * 1_000_000;
    const stored: StoredAlert = {
      id: `alert-${n}`,
      source: "proxy",
      received: occurred,
      occurred,
      eventId: null,
      alert,
    };
    const rule: DetectionRule = calm
      ? {
          ...RULE,
          tags: [],
          meaning: { title_fr: "Panne", reason_fr: "Panne.", cause: "infrastructure_failure", facts: [] },
        }
      : RULE;
    const detection: StoredDetection = {
      id: `detection-${n}`,
      alert: stored.id,
      rule,
      because: [],
      seq: n + 1,
      occurred,
    };
    return { detection, alert: stored };
  });
  return {
    detectionsOf: async (_facility, _incident, limit, after) =>
      all.filter(({ detection }) => detection.seq > (after?.seq ?? 0)).slice(0, limit),
  };
}
