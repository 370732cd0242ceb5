/**
 * Something that a reader of records says of where they came from and that does not stand in them: a mapping names
 * the kind of product, a format its module. What such a record holds all the same is how the gate knows it unread.
 */
export interface Claim {
  /** Dotted field of the alert that is written. */
  field: string;
  /** What is written; undefined when it may be anything. */
  value?: string | undefined;
  /** Texts, one of which every such record holds in some case; each in pieces, all of them there. Undefined: unknown. */
  holds?: readonly (readonly string[])[] | undefined;
}
