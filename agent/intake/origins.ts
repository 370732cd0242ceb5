import { belongs, logSourcesOf, originOf } from "../../rules/engine/logsource.ts";
import type { LoadedRule } from "../../rules/engine/rule.ts";
import type { Alert } from "../core/alert.ts";
import type { UnfedRules } from "../core/house-view.ts";

/** Origins remembered: a sender can make up any number. */
const MOST = 2000;
/** Rules named. */
const NAMED = 500;

/** Remembers of which log sources records came since the start: by those that were read, samples included. */
export interface Origins {
  note(alert: Alert): void;
  /** Rules that are written for log sources of which nothing came. */
  unfed(rules: readonly Pick<LoadedRule, "rule" | "logsource">[]): UnfedRules;
}

export function openOrigins(): Origins {
  const known = new Set<string>();
  return {
    note(alert) {
      if (known.size < MOST) known.add(originOf(alert));
    },
    unfed(rules) {
      const seen = [...known].map(logSourcesOf);
      const fed = new Map<string, boolean>();
      const isFed = ({ logsource }: Pick<LoadedRule, "logsource">) => {
        const key = JSON.stringify(logsource);
        const answer = fed.get(key) ?? seen.some((sources) => belongs(logsource, sources));
        fed.set(key, answer);
        return answer;
      };
      const unfed = rules.filter((each) => !isFed(each));
      return {
        count: unfed.length,
        of: rules.length,
        rules: unfed.slice(0, NAMED).map(({ rule: { id, title }, logsource }) => ({
          ...{ id, title },
          logsource: Object.values(logsource)
            .filter((part) => part !== undefined)
            .join(" / "),
        })),
      };
    },
  };
}
