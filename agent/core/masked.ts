declare const MASKED: unique symbol;

/**
 * A value whose texts name no patient: all that may leave the raw evidence is of this type, and only Masks makes it.
 * What sends, shows or prints asks for it, so that a new way out that forgets to mask does not compile.
 */
export type Masked<T = string> = T & { readonly [MASKED]: true };

/** How many identities of each kind were masked. */
export type Tally = Map<string, number>;

export interface MaskOptions {
  /** Within one incident the same identity keeps its mark; elsewhere it has another. Null for what has no incident. */
  incident: string | null;
  /** Characters of the text that are wanted: the rest is neither read nor given. (Default: all.) */
  limit?: number | undefined;
  /** Texts of the configuration, which stand as they are. */
  known?: ReadonlySet<string> | undefined;
  /** Added to. */
  tally?: Tally | undefined;
}

/** Takes patients' identities out of what is to leave. */
export interface Masks {
  text(text: string, options: MaskOptions): Masked;
  /** The same for every text within a value of plain data; the names of members stand. */
  every<T>(value: T, options: MaskOptions): Masked<T>;
}
