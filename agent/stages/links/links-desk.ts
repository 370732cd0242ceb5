import type { Instant } from "../../core/clock.ts";
import type { Masked } from "../../core/masked.ts";
import type { QuestionLink } from "../../core/question-link.ts";
import type { Actor, Refused } from "../person-act.ts";

/** A question to put to somebody outside. */
export interface Asking {
  /** Made with the form it was typed in: sent twice, it is asked once. */
  form: string;
  incident: string;
  question: string;
  to: QuestionLink["to"];
  callBack: string;
  hours: number;
  /** Ids of the channels that are to send it; none when it is read out or copied. */
  channels: readonly string[];
}

/** All that who holds a link is shown. */
export interface AskedQuestion {
  id: string;
  text: string;
  answers: { id: string; label: string }[];
  to: string;
  by: string;
  callBack: string;
  expires: Instant;
}

/** What came back by a link, as the page sent it. */
export interface LinkReply {
  code: string;
  /** Token of the form. */
  token: string;
  said:
    | { kind: "answer"; id: string; since: Instant | undefined }
    | { kind: "unknown" }
    | { kind: "other_person"; text: string };
}

/** A link as the dossier shows it. */
export interface LinkRow {
  link: QuestionLink;
  /** Null for who may not use it, and once it serves no more. */
  code: string | null;
  sent: { channel: string; state: string; because: string | null }[];
}

/** One question to one person outside, by a link that serves once. It states a fact at most: it decides nothing. */
export interface QuestionLinks {
  /** The ways a link may be sent by; `touched` says why one is not to be relied on now. */
  channels(incident: string): Promise<{ id: string; reaches: "email" | "phone"; touched: string | null }[]>;
  ask(asking: Asking, actor: Actor): Promise<{ outcome: "asked"; link: string } | Refused>;
  revoke(
    revoking: { incident: string; link: string },
    actor: Actor,
  ): Promise<{ outcome: "revoked" } | Refused>;
  /** The links of an incident and of those it was made of, the latest first. */
  of(incident: string, actor: Actor): Promise<Masked<LinkRow[]>>;
  /** What the holder of a code sees, with the token of a new form; undefined when the code is of no use, whatever the reason. */
  open(code: string): Promise<{ asked: Masked<AskedQuestion>; token: string } | undefined>;
  answer(reply: LinkReply): Promise<{ outcome: "answered" } | { outcome: "gone" } | Refused>;
}
