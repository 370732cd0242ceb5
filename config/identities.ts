import { z } from "zod";
import { compilePattern } from "../agent/core/identities/identifier-pattern.ts";

/** One kind of identifier that the facility gives its patients; what would be slow or mask too much is refused. */
const IdentifierPattern = z
  .strictObject({
    /** What stands in its place: `[IPP masqué …]`. */
    name: z.string().regex(/^\p{L}[\p{L}\p{N} -]{0,19}$/u, "1 to 20 letters, digits, spaces and dashes"),
    pattern: z.string().min(1).max(100),
    after: z
      .array(
        z.string().regex(/^\p{L}[\p{L}\p{N} ._-]{1,39}$/u, "a word: letters, digits, spaces, dots, dashes"),
      )
      .max(20)
      .default([]),
  })
  .superRefine((given, context) => {
    const compiled = compilePattern(given);
    if ("refused" in compiled)
      context.addIssue({ code: "custom", path: ["pattern"], message: compiled.refused });
  });

/** What is known of patients' identities here, beside the NIR, which is masked everywhere. */
export const Identities = z
  .strictObject({
    patterns: z.array(IdentifierPattern).max(20).default([]),
    /** Telephones and addresses of mail that stay readable: those of our own people and providers. */
    keep: z.array(z.string().min(5).max(254)).max(200).default([]),
  })
  .prefault({});
