import { z } from "zod";
import { RuleMeaning } from "../../agent/core/detection.ts";

const LEVELS = ["informational", "low", "medium", "high", "critical"] as const;

/** One value, or a list of which one will do. */
const oneOrMore = <T extends z.ZodType>(one: T) =>
  z
    .union([one, z.array(one).min(1)], { error: "write one, or a list of which one will do" })
    .transform((given) => [given].flat() as z.infer<T>[]);
const texts = oneOrMore(z.string().min(1));

/** Which rules are meant: those of which every part given holds. */
export const Selector = z
  .strictObject({
    /** Folders or files under the folder of the rules, with `*`, `?` and `**`; a folder stands for all beneath. */
    path: texts.optional(),
    /** Tags; a technique stands for its sub-techniques. */
    tag: texts.optional(),
    level: oneOrMore(z.enum(LEVELS)).optional(),
    id: texts.optional(),
    name: texts.optional(),
    logsource: z
      .strictObject({ category: texts.optional(), product: texts.optional(), service: texts.optional() })
      .optional(),
  })
  .refine((selector) => Object.values(selector).some((part) => part !== undefined), {
    error: "say which rules: path, tag, level, id, name or logsource",
  });
export type Selector = z.infer<typeof Selector>;

/** What the texts of a meaning may hold of the rule, between braces. */
export const TEMPLATE_NAMES = ["title", "level", "id", "technique"] as const;

const Template = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    for (const [whole, name = ""] of text.matchAll(/\{([^{}]*)\}/g)) {
      if ((TEMPLATE_NAMES as readonly string[]).includes(name)) continue;
      const names = TEMPLATE_NAMES.map((each) => `{${each}}`).join(", ");
      context.addIssue({ code: "custom", message: `${whole} is not known; write one of ${names}` });
    }
  });

/** One entry of a file of meanings: what a match of the rules selected means for the incident. */
const Entry = z.strictObject({
  rules: Selector,
  ...RuleMeaning.shape,
  title_fr: Template.default("{title}"),
  reason_fr: Template.default("La règle « {title} », de gravité {level}, a reconnu cette alerte."),
});
export type Entry = z.infer<typeof Entry>;

/** A file that says what rules written elsewhere mean; the first entry that selects a rule is taken. */
export const MeaningFile = z.strictObject({ meanings: z.array(Entry).min(1) });
