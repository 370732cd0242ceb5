import { isDuty } from "../../../rules/regimes/load-regime.ts";
import type { Instant } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { mayAct } from "../../core/person.ts";
import type { LogbookDesk } from "../desk/desk.ts";
import { NOT_ALLOWED } from "../desk/facts-desk.ts";
import { SECRET } from "../desk/flag-secret.ts";
import type { ActOn } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { copyWork, type Setup } from "../work.ts";
import type { DutiesDesk } from "./duty-acts.ts";
import {
  amendDuty,
  approveDuty,
  leaveUnnotified,
  mayApprove,
  nextDuty,
  recordNotification,
} from "./settle-duty.ts";

/** Builds the part of the desk for the duties beside the declaration. */
export function dutiesDesk(parts: {
  setup: Setup;
  pipeline: Pipeline;
  now: () => Instant;
  actOn: ActOn;
  writeNote: LogbookDesk["writeNote"];
}): DutiesDesk {
  const { setup, pipeline, actOn } = parts;
  return {
    dutyPacks: new Map(setup.regimes.filter(isDuty).map((each) => [each.id, each])),

    mayApproveDuty(actor, regime, now) {
      const pack = setup.regimes.find(({ id }) => id === regime);
      return pack !== undefined && isDuty(pack) && mayApprove(actor, pack, now);
    },

    amendDuty: ({ text, fields }, actor) =>
      actOn(text.incident, actor, "prepare_duty", (work, now) =>
        amendDuty(work, { text, fields }, { setup, actor, now }),
      ),

    approveDuty: (text, proof, actor) =>
      actOn(text.incident, actor, "approve_duty", (work, now) =>
        approveDuty(work, text, { setup, actor, now, proof }),
      ),

    leaveUnnotified: ({ text, reason }, proof, actor) =>
      actOn(text.incident, actor, "approve_duty", (work, now) =>
        leaveUnnotified(work, { text, reason }, { setup, actor, now, proof }),
      ),

    async notifyDuty(notification, receipts, actor) {
      if (!mayAct(actor, "prepare_duty")) return NOT_ALLOWED;
      const { incident } = notification;
      const files = receipts?.files ?? [];
      if (receipts !== undefined && files.length > 0) {
        // Nothing is put beside the dossier for what would be refused.
        const known = await pipeline.view(incident);
        if (known !== undefined) {
          if (underDefenceSecret(known.facts)) return SECRET;
          const tried = recordNotification(copyWork(known), notification, { setup, actor, now: parts.now() });
          if (tried.outcome === "refused") return tried;
        }
        const text = `Accusé reçu : ${notification.where}${notification.reference === "" ? "" : `, n° ${notification.reference}`}.`;
        const noted = await parts.writeNote(
          { form: receipts.form, incident, text, about: notification.at, files },
          actor,
        );
        if (noted.outcome === "refused") return noted;
      }
      const kept = files.map(({ sha256 }, n) => ({ note: receipts?.form ?? "", number: n + 1, sha256 }));
      return actOn(incident, actor, "prepare_duty", (work, now) =>
        recordNotification(work, notification, { setup, actor, now, receipts: kept }),
      );
    },

    nextDuty: ({ incident, regime }, actor) =>
      actOn(incident, actor, "prepare_duty", (work, now) => nextDuty(work, regime, { setup, now })),
  };
}
