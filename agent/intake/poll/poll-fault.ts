/** What can be wrong with an answer of an index, or with its absence. */
export type FaultKind =
  /** The name or the secret is wrong, or the role too narrow. */
  | "denied"
  | "index_missing"
  /** The question itself is: a query or a field that the index does not accept. */
  | "refused"
  | "redirected"
  /** The certificate is not to be trusted. */
  | "untrusted"
  | "throttled"
  | "unavailable"
  | "timeout"
  | "malformed"
  | "too_large";

/** An answer that could not be had or used. */
export class PollFault extends Error {
  readonly kind: FaultKind;
  /** How long the index asks to be left alone. */
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: FaultKind, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = "PollFault";
    this.kind = kind;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
