import { z } from "zod";

/** Folders or files of Sigma rules: a path, or one with the files that say what its rules mean. */
export const RuleFolder = z
  .union(
    [
      z.string().min(1),
      z.strictObject({
        path: z.string().min(1),
        /** Files that give rules a cause, facts and French texts by folder, tag, level, id or log source. */
        meanings: z.array(z.string().min(1)).default([]),
      }),
    ],
    { error: "write a path, or { path: PATH, meanings: [FILE, …] }" },
  )
  .transform((given) => (typeof given === "string" ? { path: given, meanings: [] } : given));
