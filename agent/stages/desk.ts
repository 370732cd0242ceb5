import type { System } from "../core/asset.ts";
import type { Instant } from "../core/clock.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Decision } from "../core/decision.ts";
import type { Declaration, DeclarationContent } from "../core/declaration.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Effect } from "../core/effect.ts";
import type { Fact } from "../core/fact.ts";
import type { Incident } from "../core/incident.ts";
import type { Masked } from "../core/masked.ts";
import type { Account } from "../core/person.ts";
import type { Qualification, Question } from "../core/qualification.ts";
import type { ShownAlert } from "./show-evidence.ts";

/** All that stands about one incident, as a page or a record shows it. */
export interface Dossier {
  incident: Incident;
  facts: Fact[];
  /** Under the law that leads state, draft and verdict. */
  qualification: Qualification | undefined;
  /** Under the other duties that the installation evaluates. */
  others: Qualification[];
  /** Versions of the declaration, oldest first. */
  declarations: Declaration[];
  /** The version to read or decide on, opened; undefined while there is no draft. */
  current: { declaration: Declaration; content: Masked<DeclarationContent> } | undefined;
  /** The approved text that is still to be filed, whatever was drafted since; else the last one filed. */
  filing: { declaration: Declaration; content: Masked<DeclarationContent> } | undefined;
  /** Questions that a person answered and may answer anew, with the answer that stands. */
  answered: { question: Question; answer: string }[];
  decisions: Decision[];
  deliveries: Delivery[];
  deadlines: Deadline[];
  effects: Effect[];
  /** The first alerts by event time, bounded. */
  evidence: Masked<ShownAlert>[];
  systems: System[];
}

/** Who acts: the account, and for what others told, the person who knew. */
export type Actor = Pick<Account, "id" | "name" | "role" | "active">;

/** The exact text seen by the person: anything else is stale. */
export interface TextSeen {
  incident: string;
  declaration: string;
  version: number;
  sha256: string;
}

export type Stale = {
  outcome: "stale";
  current: { declaration: string; version: number; sha256: string } | null;
};
export type Refused = { outcome: "refused"; code: string; because: string };

export interface Answer {
  incident: string;
  question: string;
  answer: string;
  /** When it began, if the person says so; else the instant of the answer. */
  since?: Instant | undefined;
  /** Who knows it ("cadre de santé des urgences"); else the actor. */
  source?: string | undefined;
}

export interface Amendment {
  text: TextSeen;
  /** `value` null with `unknown` true says "inconnu à ce stade". */
  fields: { id: string; value: string | null; unknown: boolean }[];
}

/** How the person proved to be there at the moment of deciding. */
export type Proof = Decision["how"];

/** What people can ask of the pipeline: each act checks the actor's role itself and is journalled. */
export interface Desk {
  readonly facility: { id: string; name: string; timeZone: string };
  readonly mode: "observe" | "exercise" | "live";
  /** Fields of the form that nobody edits: who declares, for which structure. */
  readonly fixedFields: ReadonlySet<string>;
  incidents(filter: {
    states?: Incident["state"][];
    limit: number;
    after?: string;
  }): Promise<Masked<{ incident: Incident; sentence: string | null }>[]>;
  dossier(incident: string): Promise<Masked<Dossier> | undefined>;
  /** Says that the person has taken note: the constat, when it is the first; the text is put in the name of who may declare. */
  takeUp(incident: string, actor: Actor): Promise<{ outcome: "taken_up" } | Refused>;
  answer(answer: Answer, actor: Actor): Promise<{ outcome: "answered" } | Refused>;
  /**
   * Flags the dossier as under the secret of national defence, or lifts the flag: while it stands nothing is
   * drafted, told, answered, decided or sent, and the dossier shows nothing but the flag.
   */
  flagSecret(
    flag: { incident: string; holds: boolean; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "flagged" } | Refused>;
  amend(
    amendment: Amendment,
    actor: Actor,
  ): Promise<{ outcome: "amended"; declaration: Declaration } | Stale | Refused>;
  approve(
    text: TextSeen,
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "approved"; decision: Decision } | Stale | Refused>;
  setAside(
    text: TextSeen,
    reason: string,
    proof: Proof,
    actor: Actor,
  ): Promise<{ outcome: "set_aside"; decision: Decision } | Stale | Refused>;
  /** Records what the person did on the portal: its reference makes the declaration filed. */
  recordFiling(
    filing: { incident: string; delivery: string; reference: string },
    actor: Actor,
  ): Promise<{ outcome: "recorded"; delivery: Delivery } | Refused>;
  /**
   * Gives the original of one alert shown with an incident, patients included, once the journal holds who asked and
   * why; only those alerts, and only to who may.
   */
  unmask(
    request: { incident: string; alert: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "unmasked"; original: string } | Refused>;
}
