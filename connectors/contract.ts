import { z } from "zod";
import type { Alert } from "../agent/core/alert.ts";
import type { Claim } from "../agent/core/claim.ts";
import type { Instant } from "../agent/core/clock.ts";
import type { DeclarationKind } from "../agent/core/declaration.ts";
import type { DeliveryKind } from "../agent/core/delivery.ts";
import type { Masked } from "../agent/core/masked.ts";

/** What a parser may know beyond the bytes: the same record with the same context always reads the same. */
export interface ParseContext {
  /** When the record was received; the last resort for `@timestamp`, and the reference for a year roll-over. */
  received: Instant;
  /** IANA zone of dates that state none. (Default: UTC.) */
  zone: string;
  /** Year of dates that state none; when absent, the latest that puts the date no month after `received`. */
  year?: number | undefined;
  /** The sender's address, where the transport knows it. */
  peer?: string | undefined;
  /** When the header around the record says that it was written, and whether it told so with a zone. */
  carrier?: { instant: Instant; zoned: boolean } | undefined;
  /** Told what each step of the reading gave, for `parse --explain`; absent in service. */
  trace?: Trace | undefined;
}

/** Told that a step is over, with the alert as it then stands: what differs from the step before is its work. */
export type Trace = (step: Step, alert: Alert) => void;

/** One step of a reading: `parser cef`, `parser cef key src`, `mapping fortinet-fortigate line 12`. */
export interface Step {
  by: "parser" | "mapping";
  /** Name of the parser or of the mapping. */
  name: string;
  /** What of it: a key, a header, a line of the mapping. */
  rule?: string | undefined;
  because?: string | undefined;
  /** True when it was tried and gave nothing. */
  idle?: boolean | undefined;
}

/** One record read: an alert, or an error with what could be read all the same (best effort). */
export type Parsed = { alert: Alert; error?: undefined } | { error: ParseError; alert?: Alert | undefined };

export interface ParseError {
  /** Stable, snake_case: `empty`, `not_json`, `bad_priority`… */
  code: string;
  message: string;
}

/** Reads one record of text into an alert: pure, total, bounded by ALERT_LIMITS, linear in its input. */
export type ParseRecord = (text: string, context: ParseContext) => Parsed;

/** What an HTTP inbound connector makes of one request body. */
export type Decoded =
  /** The body's shape is wrong as a whole: 422 naming the field. */
  | { outcome: "refused"; code: string; field: string; message: string }
  /** Its records, in order; each stands or falls alone. */
  | { outcome: "decoded"; records: DecodedRecord[] };

export type DecodedRecord = Parsed & {
  /** The source's own identity of the event, for idempotency; absent when it has none. */
  eventId?: string | undefined;
};

/** The records that a body holds, decoded when they are asked for. */
export interface RecordList {
  count: number;
  /** Decodes those from the first place up to the second, as they would be in the whole. */
  decode(from: number, to: number): Decoded;
}

/** Where alerts come in. Small objects, pure functions: the intake thread owns sockets, limits and tokens. */
export interface Inbound {
  /** Name in the configuration (`sources[].connector`) and in `--as`. */
  name: string;
  /** One line for `--help` and the documentation. */
  summary: string;
  /** How the records arrive. `text` needs `parse`; `http` needs `decode`. */
  ways: readonly ("text" | "http")[];
  /**
   * What every record of the format begins with, one of these: a carrier of other formats (syslog) hands its message
   * over by it. Absent when the beginning tells nothing.
   */
  begins?: readonly string[] | undefined;
  /** Signs of a log source that it writes by itself, for rules of that log source to be gated. */
  claims?: readonly Claim[] | undefined;
  /**
   * Writes one harmless record of the format, in one line, that holds a text of letters, digits and hyphens: the canary
   * by which a way in is known to be whole.
   */
  example(text: string, at: Instant): string;
  /**
   * Reads one record. For HTTP connectors too: one JSON value a line, as in a recording.
   */
  parse: ParseRecord;
  /** Says how sure this format is that the record is its own, 0 to 1, reading only its beginning; with the reason. */
  recognise(text: string): { certainty: number; because: string };
  /** Decodes one HTTP body already read as JSON; `headers` in lower case. */
  decode?(
    headers: Readonly<Record<string, string | undefined>>,
    body: unknown,
    context: ParseContext,
  ): Decoded;
  /**
   * Opens a body that is no list and holds one: its records are counted before any is read, and decoded by parts.
   * Undefined for a body that is one record, or a wrong one.
   */
  list?(
    headers: Readonly<Record<string, string | undefined>>,
    body: unknown,
    context: ParseContext,
  ): RecordList | undefined;
}

/** What is told on the way to a decision. */
export type DecisionStepEvent =
  | "handed_over"
  | "handed_back"
  | "sent_back"
  | "text_corrected"
  | "second_needed"
  | "oral_contested";

/** What a message to a person says; a notifier adds nothing to it. */
export interface Message {
  /** The same for every repetition of this message: receivers use it to recognise a repeat. */
  key: string;
  facility: string;
  /** Null for a message about several incidents, or about none. */
  incident: string | null;
  /**
   * `incident_opened` is for the IT on call, `decision_needed` for the delegate, `not_filed` nags after an approval,
   * `sign_off_due` calls an unsigned month of closings to the RSSI's mind, `handover` is the morning's summary,
   * `test` only proves that a channel works, `intake_failing` that ways in fail or work again, `access_used` tells of an unusual access of a person,
   * `question_asked` carries the link of one question to a person outside, `review_due` names accounts to review and
   * delegations that end, `follow_up_due` what waits after declarations were filed, `duty_due` is for who approves what another duty asks for. On the way to a decision: `handed_over` and `handed_back` pass it on,
   * `sent_back` asks for another text, `text_corrected` says that it is there, `second_needed` asks for a second person,
   * `oral_contested` says that a delegate denies a decision recorded by telephone.
   */
  event:
    | "incident_opened"
    | "decision_needed"
    | "not_filed"
    | "sign_off_due"
    | "handover"
    | "test"
    | "access_used"
    | "intake_failing"
    | "question_asked"
    | "review_due"
    | "follow_up_due"
    | "duty_due"
    | "group_link"
    | DecisionStepEvent;
  exercise: boolean;
  subject: Masked;
  text: Masked;
  /** A page to open; it signs nobody in and changes nothing. */
  link: string;
  occurred: Instant;
  /** Present on `decision_needed`: what a decision must be bound to. */
  declaration?: { id: string; version: number; sha256: string } | undefined;
}

/** Bytes kept beside what they belong to: what left, to the byte, or what came back for it. */
export interface Kept {
  name: string;
  /** Media type. */
  type: string;
  bytes: Uint8Array;
}

/**
 * What became of one attempt. `uncertain`: it may have arrived, nobody answered; `refused` says that it did not arrive and
 * will not; `unreachable` that nothing left, so that it may be tried again.
 */
export type Attempt = {
  because: string;
  /** What left, exactly; absent for what a person carried and for what never left. */
  sent?: Kept | undefined;
  /** What the receiver answered, exactly, where that is no receipt; only of what is `refused` or `uncertain`. */
  answer?: Kept | undefined;
  /** Before when the receiver asked not to be tried again. */
  notBefore?: Instant | undefined;
} & (
  | { outcome: "delivered"; reference?: string | undefined; receipt?: Kept | undefined }
  | { outcome: "refused" | "unreachable" | "uncertain" }
);

/** A person to reach, as their account says; empty where it says nothing. */
export interface Contact {
  name: string;
  email: string;
  phone: string;
}

export interface AttemptContext {
  now: Instant;
  signal: AbortSignal;
  /** Whom to reach; absent for a channel with a target of its own. */
  to?: Contact | undefined;
}

/**
 * Where a secret is kept: a file (relative to the configuration), an environment variable, or a credential that systemd
 * gives the service; never inline.
 */
export const SecretSource = z.union(
  [
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ credential: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$/) }),
  ],
  {
    error:
      "give { file: PATH }, { env: NAME } or { credential: NAME }: a secret is never written in the configuration",
  },
);
export type SecretSource = z.infer<typeof SecretSource>;

/** Gives the value of a setting that is a SecretSource, by the setting's name. */
export type Reveal = (setting: string) => string;

/** A way to tell a person. */
export interface Notifier<Config> {
  name: string;
  summary: string;
  config: z.ZodType<Config>;
  /** True when the receiver recognises a repeat by its key, so that an uncertain attempt may be made again. */
  repeatable: boolean;
  /**
   * Which contact of a person it reaches, when its settings name no target (`to`); absent when it always has its own.
   */
  reaches?: "email" | "phone" | undefined;
  open(
    config: Config,
    reveal: Reveal,
  ): {
    /** (Default: as the notifier says.) */
    repeatable?: boolean | undefined;
    send(message: Message, context: AttemptContext): Promise<Attempt>;
  };
}

/** An approved text as it was stored, on its way out: these bytes are what leaves. */
export interface Filing {
  /** The same for every attempt at this delivery: receivers use it to recognise a repeat. */
  key: string;
  kind: DeliveryKind;
  facility: { id: string; name: string };
  incident: string;
  /** The incident's reference among people: `2026-0007`. */
  reference: string;
  declaration: { id: string; kind: DeclarationKind; version: number; sha256: string };
  /** RFC 8785 JSON of the DeclarationContent. */
  bytes: Uint8Array;
  /** The whole French text, as it was approved. */
  text: string;
  /** The printable form (PDF) of the same text. */
  print(): Promise<Uint8Array>;
  exercise: boolean;
}

/** Whether a receiver could be reached just now, and how that is known, in French. */
export interface Reachability {
  reachable: boolean;
  because: string;
}

/** A way out, opened. */
export interface OpenWayOut {
  /** (Default: as the way out says.) */
  repeatable?: boolean | undefined;
  send(filing: Filing, context: AttemptContext): Promise<Attempt>;
  /**
   * Asks the receiver what became of an uncertain attempt; absent where nobody can be asked. `unreachable` says that it
   * never arrived, so that it may be sent again; `uncertain` that nothing is known yet.
   */
  ask?(filing: Filing, context: AttemptContext): Promise<Attempt>;
  /** Looks whether the receiver can be reached, and sends nothing; absent where nothing can be said. */
  probe?(context: AttemptContext): Promise<Reachability>;
}

/** What a person is given for a way out that they carry themselves, in French. */
export interface Guide {
  /** Whom they reach: `Portail de signalement`, `ARS Bretagne, point focal régional`. */
  to: string;
  /** Web address to type, when there is one. */
  address?: string | undefined;
  /** Telephone number, when there is one. */
  phone?: string | undefined;
  /** When somebody answers. */
  hours?: string | undefined;
  /** What to do, step by step. */
  steps: readonly string[];
  /** Where this is known from, and the day on which it was checked (ISO date). */
  source?: { text: string; verified: string } | undefined;
}

/** A way to carry an approved declaration out, or to get help. */
export interface Outbound<Config> {
  name: string;
  summary: string;
  config: z.ZodType<Config>;
  /**
   * `assisted`: a person carries it, the program prepares and records; `open` is never called to send.
   * `exercise`: stays inside; the only reach allowed when the facility is in exercise mode, with `assisted`.
   * `authority`: really sends.
   */
  reach: "assisted" | "exercise" | "authority";
  /** What it may carry, the usual first: only a `declaration` is filing. */
  kinds: readonly [DeliveryKind, ...DeliveryKind[]];
  /** True when it may be used only once electronic declaration was found impossible (arrêté of 30 October 2017, art. 1). */
  fallback?: boolean | undefined;
  /** True when the receiver recognises a repeat by its key, so that an uncertain attempt may be made again. */
  repeatable: boolean;
  /** True when what it delivers is only handed on, as mail is: that it arrived is a person's to confirm. (Default: false.) */
  handsOn?: boolean | undefined;
  /** What a person is told who carries it, or whom it reaches. */
  guide(config: Config): Guide;
  open(config: Config, reveal: Reveal): OpenWayOut;
}
