import type { Product, Sample } from "./products.ts";

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Characters of a record beyond which another is shown rather. */
const LONGEST = 700;

/** The record that a page shows: the first that is short and plain, else the shortest. */
export function shownSample({ samples }: Product): Sample {
  const lines = samples.filter(({ record }) => !/[\n\r]|```/.test(record));
  const short = lines.find(
    ({ record }) => record.length <= LONGEST && /^[\x20-\x7e\u00a1-\uffff]*$/.test(record),
  );
  const shown = short ?? lines.toSorted((a, b) => a.record.length - b.record.length)[0];
  if (shown === undefined) throw new Error("a product needs a record of one line");
  return shown;
}

/** What `parse` is given to read a record as a sample was read. */
export function parseArguments({ as }: Sample): string[] {
  return as === "auto" ? [] : ["--as", as];
}

/** A command that reads the record, as it is typed from the root. */
export function parseCommandLine(sample: Sample): string {
  const words = ["npm", "run", "-s", "tocsin", "--", "parse", ...parseArguments(sample)];
  return `printf '%s\\n' ${quoted(sample.record)} | ${words.join(" ")}`;
}
