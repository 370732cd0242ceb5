import type { DutyRegime } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import type { Proof } from "../../core/decision.ts";
import type { GivenFile } from "../keep-files.ts";
import type { Actor, Refused } from "../person-act.ts";

/** The exact text of a duty that a person had before their eyes. */
export interface DutySeen {
  incident: string;
  regime: string;
  version: number;
  sha256: string;
}

/** What a person did with the recipient, as they write it down. */
export interface DutyNotification {
  incident: string;
  regime: string;
  version: number;
  /** With whom, and by which way. */
  where: string;
  /** The recipient's own; may be empty. */
  reference: string;
  at: Instant;
  /** Who notified it. */
  by: string;
  /** Why it is late, where the text does not say it; may be empty. */
  late: string;
}

/** How people carry out the duties beside the declaration: each with its own text, approval and record. */
export interface DutiesDesk {
  /** The packs whose texts Tocsin prepares beside the declaration, by id. */
  readonly dutyPacks: ReadonlyMap<string, DutyRegime>;
  /** True of who may approve, or decide not to notify, under a pack at this instant. */
  mayApproveDuty(actor: Actor, regime: string, now: Instant): boolean;
  amendDuty(
    amendment: { text: DutySeen; fields: { id: string; value: string | null; unknown: boolean }[] },
    actor: Actor,
  ): Promise<{ outcome: "amended" } | Refused>;
  /** Approves the exact text; refused after its time without the reasons in it. */
  approveDuty(text: DutySeen, proof: Proof, actor: Actor): Promise<{ outcome: "approved" } | Refused>;
  /** Decides that nothing is notified, with the reasons. */
  leaveUnnotified(
    decision: { text: DutySeen; reason: string },
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "not_notified" } | Refused>;
  /** Writes down what a person notified; receipts are kept beside a note of the dossier. */
  notifyDuty(
    notification: DutyNotification,
    receipts: { form: string; files: readonly GivenFile[] } | undefined,
    actor: Actor,
  ): Promise<{ outcome: "notified" } | Refused>;
  /** Starts the next version of a text that was decided on. */
  nextDuty(duty: { incident: string; regime: string }, actor: Actor): Promise<{ outcome: "begun" } | Refused>;
}
