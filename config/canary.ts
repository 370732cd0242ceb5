import { z } from "zod";

const CHOICE = { error: "write `off`, or { every_minutes: 5 }" };

/** The synthetic record that goes through every way in, to know that each is whole. */
export const Canary = z
  .union(
    [
      z.literal("off"),
      z.strictObject({
        /** Between two rounds. (Default: 5.) */
        every_minutes: z.int().min(1).max(60).default(5),
        /** What it shows to listeners that ask clients for a certificate; both PEM files. (Default: it spares them.) */
        client: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
      }),
    ],
    CHOICE,
  )
  .prefault({});
