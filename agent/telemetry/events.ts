import type { Decision } from "../core/decision.ts";
import type { Effect, EffectState } from "../core/effect.ts";
import type { Incident } from "../core/incident.ts";
import type { Mute } from "../core/mute.ts";
import type { Log } from "./log.ts";
import type { MainMetrics } from "./metrics.ts";

/** Business events: each is logged, counted and handed on by one helper, so that none is told by halves. */
export interface Events {
  incidentMoved(incident: Incident, sentence: string | undefined): void;
  decided(decision: Decision): void;
  unmasked(asked: { incident: string; alert: string; account: string }): void;
  /** A silence or a window of works was made, or came to its end. */
  muted(mute: Mute, before: Mute | undefined): void;
  effectSettled(effect: Effect, state: EffectState, because: string): void;
}

export function openEvents(log: Log, metrics: MainMetrics): Events {
  return {
    incidentMoved({ id, reference, state, because }, sentence) {
      metrics.incidents.inc({ state });
      log.info("incident moved", { incident: id, reference, state, because, sentence });
    },
    decided({ incident, declaration, version, sha256, decision, how }) {
      metrics.decisions.inc({ decision, channel: how.channel });
      log.info("decision recorded", {
        incident,
        declaration,
        version,
        sha256,
        decision,
        channel: how.channel,
      });
    },
    unmasked(asked) {
      metrics.unmasked.inc();
      log.info("original of an alert shown", asked);
    },
    muted({ id, kind, author, reason, from, until, covers, ended }, before) {
      const step = before === undefined ? "made" : ended === null ? "expired" : "ended";
      metrics.mutes.inc({ kind, step });
      log.info("mute changed", {
        mute: id,
        kind,
        step,
        by: ended?.name ?? author.name,
        reason,
        from,
        until,
        covers,
      });
    },
    effectSettled({ key, kind, incident }, state, because) {
      metrics.effects.inc({ kind, state });
      if (state === "failed" || state === "uncertain")
        log.error("effect needs a person", { key, incident, state, because });
      else log.info("effect settled", { key, incident, state, because });
    },
  };
}
