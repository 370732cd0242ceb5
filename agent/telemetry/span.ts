/** What a span says of itself: identifiers and counts, never a text of an alert or of a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** What is under way, as it is traced. */
export interface Span {
  /** Names it anew, once more is known. */
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Leaves it out: there was nothing to do. */
  drop(): void;
  /** Says that it failed; why stands in the log. */
  fail(): void;
}

/** Runs work as a part of what is under way around it. */
export type Spans = <T>(
  name: string,
  kind: "server" | "client" | "internal",
  work: (span: Span) => Promise<T>,
) => Promise<T>;

const UNTRACED: Span = { rename() {}, set() {}, drop() {}, fail() {} };
const none: Spans = (_name, _kind, work) => work(UNTRACED);
let spans: Spans = none;

/** Runs work within a span of this name; where no traces are configured it is only run. */
export const within: Spans = (name, kind, work) => spans(name, kind, work);

/** Has spans made by these from now on; by none again without any. */
export function traceBy(made: Spans = none): void {
  spans = made;
}
