import type { Clock, Instant } from "./core/clock.ts";
import { listed, type RuleTroubles } from "./core/rule-troubles.ts";
import type { RuleChange } from "./intake/note-rules.ts";
import type { Log } from "./telemetry/log.ts";

/** Which rules are in force. */
interface InForce {
  loaded: number;
  /** Null until the record has it. */
  hash: string | null;
  since: Instant | null;
  ungated: string[];
}

/** The one place that knows which rules are in force, at the start and after each reload. */
export interface RulesNow {
  now(): InForce;
  /** What of them does not run. */
  troubles(): RuleTroubles;
  troubled(troubles: RuleTroubles): void;
  /** Heard when the intake begins to listen. */
  began(loaded: number): void;
  /** Heard of the rules that let everything of their sources in. */
  gated(ungated: string[]): void;
  changed(change: RuleChange): void;
}

/** Opens it before any rule is read. */
export function openRulesNow({ clock, log }: { clock: Clock; log: Pick<Log, "info"> }): RulesNow {
  const none = listed([]);
  let troubles: RuleTroubles = { refused: none, inactive: none, kept: none, disabled: listed([]) };
  let now: InForce = { loaded: 0, hash: null, since: null, ungated: [] };
  return {
    now: () => now,
    troubles: () => troubles,
    troubled(other) {
      troubles = other;
    },
    began(loaded) {
      now = { ...now, loaded };
    },
    gated(ungated) {
      now = { ...now, ungated };
    },
    changed({ hash, before, loaded, counts, refused, kept }) {
      if (hash !== before) {
        const left = { refused: refused.length, kept: kept.length };
        log.info("other rules in force", { hash, rules: loaded, ...counts, ...left });
      }
      now = { ...now, loaded, hash, since: clock.now() };
    },
  };
}
