import { z } from "zod";

/** First words of an archive; the SHA-256 and the length of its manifest follow, then a line feed. */
export const FORMAT = "tocsin-backup/1";
/** Longest manifest: 5,000 parts take a quarter of it. */
export const LONGEST_MANIFEST = 4 * 1024 * 1024;
const MOST_PARTS = 5000;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A path below one of our three folders: no step back, no separator of another system, nothing invisible. */
const PartPath = z
  .string()
  .max(400)
  .regex(/^(state|config|kit)(\/[^/\\\p{Cc}\p{Cf}]{1,200}){1,12}$/u)
  .refine((path) => !path.split("/").some((name) => name === "." || name === ".."), "a step back");

/** One file of an archive, in the order in which their bytes follow the manifest. */
const Part = z.strictObject({ path: PartPath, size: z.int().min(0), sha256: Hash });
export type Part = z.infer<typeof Part>;

/** Where a facility's journal stood. */
const Position = z.strictObject({ facility: z.string(), seq: z.int().min(0), hash: Hash, at: z.int() });
export type Position = z.infer<typeof Position>;

/** What of the configuration points to a file that stands elsewhere than beside it, or in the environment. */
const Moved = z.strictObject({
  /** Path of the setting, such as `["rosters", 0, "file"]`. */
  setting: z.array(z.union([z.string(), z.int()])).min(1),
  /** What to write there instead, from the folder of the configuration. */
  to: z.string().max(400),
  environment: z.boolean(),
});

/** What an archive says of itself. */
export const Manifest = z.strictObject({
  format: z.literal(FORMAT),
  /** `crisis` is what was put in the second place. */
  kind: z.enum(["backup", "crisis"]),
  made: z.int(),
  version: z.string(),
  facility: z.strictObject({ id: z.string(), name: z.string() }),
  mode: z.enum(["observe", "exercise", "live"]),
  schema: z.int().min(1),
  journal: z.array(Position),
  /** Fingerprint of the key that signs the journal. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  epoch: z.int().min(1),
  /** Whether the secrets of the configuration are in it. */
  secrets: z.boolean(),
  /** Name of the configuration below `config/`. */
  configuration: z.string(),
  moved: z.array(Moved),
  parts: z
    .array(Part)
    .min(1)
    .max(MOST_PARTS)
    .refine(
      (parts) => new Set(parts.map(({ path }) => path.toLowerCase().normalize("NFC"))).size === parts.length,
      "a path is there twice",
    ),
});
export type Manifest = z.infer<typeof Manifest>;

/** A file to put into an archive; `text` is what it holds when it stands on no disk. */
export type PartSource = { path: string; secret: boolean } & ({ file: string } | { text: string });
