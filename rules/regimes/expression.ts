import { z } from "zod";
import { SystemKind } from "../../agent/core/asset.ts";
import { DESIGNATIONS, FacilityKind } from "../../agent/core/facility.ts";
import { FactKind } from "../../agent/core/fact.ts";

/** Attributes a system must have for a statement about it to count; of several kinds, any. */
const SystemFilter = z
  .strictObject({
    kind: z.union([SystemKind, z.array(SystemKind).min(1)], { error: "no such kind of system" }),
    care_critical: z.boolean(),
    health_data: z.boolean(),
    shared: z.boolean(),
    trusted_by_others: z.boolean(),
  })
  .partial()
  .refine((filter) => Object.keys(filter).length > 0, { error: "a filter that asks nothing; remove it" });
export type SystemFilter = z.infer<typeof SystemFilter>;

/** What the facility itself must be: a setting, always known. */
const FacilityFilter = z
  .strictObject({
    kind: z.array(FacilityKind).min(1),
    designated: z.enum(DESIGNATIONS),
    cyber_insurance: z.boolean(),
  })
  .partial()
  .refine((filter) => Object.keys(filter).length === 1, {
    error: "name one of kind, designated, cyber_insurance",
  });
export type FacilityFilter = z.infer<typeof FacilityFilter>;

/** What a statement that nobody made is taken for. (Default: unknown.) */
type Presumed = "not" | undefined;
export type FactLeaf = { fact: FactKind; system?: SystemFilter | undefined; presumed?: Presumed };
export type LastingLeaf = {
  lasting: "degraded_after" | "restore_within";
  system?: SystemFilter | undefined;
  presumed?: Presumed;
};
export type FacilityLeaf = { facility: FacilityFilter };
export type Leaf = FactLeaf | LastingLeaf | FacilityLeaf;

/** A three-valued expression over the facts of an incident (Kleene's strong logic). */
export type Expression = { any: Expression[] } | { all: Expression[] } | { not: Expression } | Leaf;

const FORMS = ["any", "all", "not", "fact", "lasting", "facility", "malicious"] as const;

interface Written {
  any?: Expression[] | undefined;
  all?: Expression[] | undefined;
  not?: Expression | undefined;
  fact?: FactKind | undefined;
  lasting?: LastingLeaf["lasting"] | undefined;
  facility?: FacilityFilter | undefined;
  malicious?: true | undefined;
  system?: SystemFilter | undefined;
  presumed?: Presumed;
}

/** One form of the language, as a pack writes it; `malicious: true` is short for the fact of that name. */
export const Expression: z.ZodType<Expression> = z.lazy(() =>
  z
    .strictObject({
      any: z.array(Expression).min(1).optional(),
      all: z.array(Expression).min(1).optional(),
      not: Expression.optional(),
      fact: FactKind.optional(),
      lasting: z.enum(["degraded_after", "restore_within"]).optional(),
      facility: FacilityFilter.optional(),
      malicious: z.literal(true).optional(),
      system: SystemFilter.optional(),
      presumed: z.literal("not").optional(),
    })
    .superRefine((written: Written, { addIssue }) => {
      const given = FORMS.filter((form) => written[form] !== undefined);
      if (given.length !== 1)
        addIssue({ code: "custom", message: `one of ${FORMS.join(", ")} must be given, and one only` });
      const [form] = given;
      if (written.system !== undefined && form !== "fact" && form !== "lasting")
        addIssue({ code: "custom", path: ["system"], message: "a system filter goes with fact or lasting" });
      if (
        written.presumed !== undefined &&
        (form === "facility" || form === "any" || form === "all" || form === "not")
      )
        addIssue({
          code: "custom",
          path: ["presumed"],
          message: "presumed goes with fact, lasting or malicious",
        });
    })
    .transform((written: Written): Expression => {
      const { any, all, not, fact, lasting, facility, system, presumed } = written;
      const more = { ...(system && { system }), ...(presumed && { presumed }) };
      if (any !== undefined) return { any };
      if (all !== undefined) return { all };
      if (not !== undefined) return { not };
      if (lasting !== undefined) return { lasting, ...more };
      if (facility !== undefined) return { facility };
      return { fact: fact ?? "malicious_action_suspected", ...more };
    }),
);

/** Every statement that an expression rests on, with whether it stands under an odd number of `not`. */
export function leavesOf(expression: Expression, negated = false): { leaf: Leaf; negated: boolean }[] {
  if ("any" in expression) return expression.any.flatMap((each) => leavesOf(each, negated));
  if ("all" in expression) return expression.all.flatMap((each) => leavesOf(each, negated));
  if ("not" in expression) return leavesOf(expression.not, !negated);
  return [{ leaf: expression, negated }];
}
