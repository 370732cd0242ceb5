import { z } from "zod";

const Scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: "write a text, a number, true or false",
});
/** What a mapping says by itself: a value or a list of them. */
export const Constant = z.union([Scalar, z.array(Scalar).min(1)], {
  error: "write a value, or a list of values",
});
export type Constant = z.infer<typeof Constant>;

const Names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: "write the name of a field, or a list of names of which the first present counts",
});
export type Names = z.infer<typeof Names>;

const Wanted = z.union([Scalar, z.null(), z.array(Scalar).min(1)]);

/** Fields and what each must be: a value, one of a list, a text with `*`, null for absent; `{ not: … }` for none of it. */
export const When = z.record(
  z.string(),
  z.union([Wanted, z.strictObject({ not: Wanted })], {
    error:
      "write a value, a list of values of which one must be, null for a field that must be absent, or { not: … }",
  }),
);
export type When = z.infer<typeof When>;

const Translation = z.record(z.string(), Constant);

/** Where the value of one ECS field is, and what becomes of it. */
const SourceObject = z
  .strictObject({
    /** A field's name; of a list, the first present. */
    from: Names.optional(),
    /** Several fields as one text, with `with` between them. */
    join: z.array(z.string().min(1)).min(2).optional(),
    with: z.string().default(" "),
    /** Several fields that hold numbers, added up: what went each way, as both together. */
    sum: z.array(z.string().min(1)).min(2).optional(),
    value: Constant.optional(),
    when: When.optional(),
    /** Values that mean nothing here, beside those of the mapping. */
    unless: z.array(Scalar).optional(),
    /** `duration` makes nanoseconds of `1:02:03`, `2d 01:02:03`, `1h:2m:3s` or `5s`. */
    as: z.enum(["lower", "basename", "duration"]).optional(),
    /** Makes a list of a text, at each of these. */
    split: z.string().min(1).optional(),
    /** Multiplies a number, for another unit. */
    times: z.number().optional(),
    /** How a date is written, when it is none of the usual ways: `dd/MM/yyyy HH:mm:ss`. */
    format: z.string().min(4).optional(),
    /** The field that holds the zone of a date. */
    zone: z.string().min(1).optional(),
    /** What each value becomes, case apart; one that is not named gives `default`, or nothing. */
    map: Translation.optional(),
    default: Constant.optional(),
  })
  .refine(
    ({ from, join, sum, value }) =>
      [from, join, sum, value].filter((each) => each !== undefined).length === 1,
    { error: "give one of from, join, sum and value" },
  );
export type SourceObject = z.infer<typeof SourceObject>;

const Source = z.union([z.string().min(1), SourceObject], {
  error: "write the name of a field, or { from: NAME, … }",
});
const Entry = z.union([Source, z.array(Source).min(1)], {
  error:
    "write the name of a field, { from: NAME, … }, or a list of which the first that gives a value counts",
});
export type Entry = z.infer<typeof Entry>;

const Texts = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
  error: "write a text, or a list of texts of which the first that fits counts",
});

/** Takes a text apart into fields of their own, before anything is mapped. */
const Step = z
  .strictObject({
    from: z.string().min(1).default("message"),
    when: When.optional(),
    /** `Deny {proto} src {if}:{ip}/{port}`: names stand for words, `{name...}` for any text, `{_...}` is left out. */
    like: Texts.optional(),
    /** Names of separated values, in order; `_` is left out. */
    columns: z.array(z.string().min(1)).min(2).optional(),
    separator: z.string().min(1).default(","),
    /** Names with their values: what stands between two pairs, and within one. */
    pairs: z.strictObject({ between: z.string().min(1), within: z.string().min(1) }).optional(),
    /** A regular expression in linear time, its named groups being the fields. */
    pattern: Texts.optional(),
    /** The JSON that the text holds; members of an object become fields, those of a list `FROM[].member`. */
    json: z.literal(true).optional(),
    /** The XML that the text holds; its elements and attributes become fields, `Machine.Name`. */
    xml: z.literal(true).optional(),
    /** The Windows event that the text holds as XML, read as one that came by itself. */
    windows: z.literal(true).optional(),
    /** What names and what says something in each member of a list: `Props[]` with a Name becomes `Props.THE-NAME`. */
    named: z.strictObject({ name: z.string().min(1), value: z.string().min(1) }).optional(),
  })
  .refine(
    ({ like, columns, pairs, pattern, json, xml, windows, named }) =>
      [like, columns, pairs, pattern, json, xml, windows, named].filter((each) => each !== undefined)
        .length === 1,
    { error: "give one of like, columns, pairs, pattern, json, xml, windows and named" },
  );
export type Step = z.infer<typeof Step>;

const Severity = z.strictObject({
  from: Names,
  /** Where the product's own number is, when it is not in `from`. */
  number: Names.optional(),
  when: When.optional(),
  /** The numbers of the least and of the gravest severity, or `syslog` for 0 to 7 and their words. */
  scale: z.union([z.literal("syslog"), z.tuple([z.number(), z.number()])]).optional(),
  /** Words of the product, each with its place on the scale of 0 to 100, and its own number if it has one. */
  map: z
    .record(
      z.string(),
      z.union([
        z.number().min(0).max(100),
        z.strictObject({ risk: z.number().min(0).max(100), severity: z.number() }),
      ]),
    )
    .optional(),
});
export type Severity = z.infer<typeof Severity>;

const Sentences = z.array(z.string().min(1)).default([]);

/** What a page of the documentation says of a product: what is done there, so that its records arrive here. */
export const Guide = z
  .strictObject({
    /** `poll` for a product that is asked, by a collector that posts what it got. */
    by: z.enum(["syslog", "http", "poll", "file"]),
    family: z.enum(["security", "network", "access", "availability", "standard"]),
    /** What the product is, in French; `title` says it in English. */
    title_fr: z.string().min(1),
    /** What is done in the product, a sentence a step, its menus and commands between backquotes. */
    fr: Sentences,
    en: Sentences,
    /** What is known not to be read. */
    unread: z.strictObject({ fr: z.string().min(1), en: z.string().min(1) }).optional(),
    /** Where the steps were read, and when. */
    url: z.union([z.url(), z.array(z.url()).min(1)]).optional(),
    read: z.iso.date().optional(),
  })
  .refine(({ fr, en }) => fr.length === en.length, {
    path: ["en"],
    error: "write each step in both languages",
  })
  .refine(({ fr, url, read }) => fr.length === 0 || (url !== undefined && read !== undefined), {
    path: ["url"],
    error: "cite where the steps were read, and when; without a source, write no steps",
  });
export type Guide = z.infer<typeof Guide>;

/** The documents that something was written from, and when they were read. */
export const References = z.array(z.strictObject({ url: z.url(), read: z.iso.date() }));
export type References = z.infer<typeof References>;

/** A mapping as it is written: where in the records of a product each ECS field is, and what it becomes. */
export const MappingFile = z.strictObject({
  mapping: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "lower-case letters and digits, with single hyphens between"),
  title: z.string().min(1),
  /** The documents that it was written from. */
  reference: References.default([]),
  guide: Guide.optional(),
  /** The formats whose alerts it reads; `syslog` for all that comes in it, `text` for what no format recognises. */
  over: z.array(z.string()).min(1),
  /** How a record of the product is recognised: all of it, or all of one of a list. */
  when: z.union([When, z.array(When).min(1)], {
    error: "write the fields that tell the product and their values, or a list of such conditions",
  }),
  read: z.array(Step).default([]),
  /** Values that mean that there is none. (Default: `-` and `N/A`.) */
  nothing: z.array(Scalar).default(["-", "N/A"]),
  /** ECS fields of the parser that are wrong for this product. */
  remove: z.array(z.string()).default([]),
  /** What holds for every record of the product. */
  set: z.record(z.string(), Constant).default({}),
  /** ECS fields, and where the value of each is. */
  fields: z.record(z.string(), Entry).default({}),
  /** What holds when a field has a value: field, then value (or several, `a|b`), then ECS fields; after `fields`. */
  by: z.record(z.string(), z.record(z.string(), z.record(z.string(), Constant))).default({}),
  /** What holds when all of a condition does; after `by`, each that holds in its turn. */
  if: z.array(z.strictObject({ when: When, set: z.record(z.string(), Constant) })).default([]),
  severity: z.union([Severity, z.array(Severity).min(1)]).optional(),
});
export type MappingFile = z.infer<typeof MappingFile>;
