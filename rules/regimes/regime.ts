import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { z } from "zod";
import { SystemKind } from "../../agent/core/asset.ts";
import { messageOf, TocsinError } from "../../agent/core/errors.ts";
import { FactKind } from "../../agent/core/fact.ts";
import { Question } from "../../agent/core/qualification.ts";

/** Attributes a system must have for a statement about it to count. */
const SystemFilter = z
  .strictObject({
    kind: SystemKind,
    care_critical: z.boolean(),
    health_data: z.boolean(),
    shared: z.boolean(),
    trusted_by_others: z.boolean(),
  })
  .partial();
export type SystemFilter = z.infer<typeof SystemFilter>;

/** What a statement that nobody made is taken for. (Default: unknown.) */
const Presumed = z.literal("not").optional();

/** A three-valued expression over the facts of an incident (Kleene's strong logic). */
export type Expression =
  | { any: Expression[] }
  | { all: Expression[] }
  | { fact: FactKind; system?: SystemFilter | undefined; presumed?: "not" | undefined }
  | { lasting: "degraded_after"; system?: SystemFilter | undefined; presumed?: "not" | undefined };

const Expression: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    z.strictObject({ any: z.array(Expression).min(1) }),
    z.strictObject({ all: z.array(Expression).min(1) }),
    z.strictObject({ fact: FactKind, system: SystemFilter.optional(), presumed: Presumed }),
    z.strictObject({
      lasting: z.literal("degraded_after"),
      system: SystemFilter.optional(),
      presumed: Presumed,
    }),
  ]),
);

const Criterion = z
  .strictObject({
    id: z.string(),
    label: z.string(),
    article: z.string(),
    verbatim: z.string(),
    legal: z.boolean(),
    /** Shown only once a person has stated it. */
    only_when_stated: z.boolean().default(false),
    met: Expression.optional(),
    proven: Expression.optional(),
    potential: Expression.optional(),
    not_met_note: z.string().optional(),
  })
  .refine((criterion) => (criterion.met === undefined) !== (criterion.potential === undefined), {
    error: "one of met, or potential (with proven), must be given",
  });
export type Criterion = z.infer<typeof Criterion>;

const RegimeQuestion = Question.extend({
  answers: z
    .array(
      z.strictObject({
        id: z.string(),
        label: z.string(),
        states: z.array(z.strictObject({ fact: FactKind, holds: z.boolean() })).min(1),
      }),
    )
    .min(2),
});
export type RegimeQuestion = z.infer<typeof RegimeQuestion>;

const Form = z.strictObject({
  id: z.string(),
  version: z.string(),
  notice: z.string(),
  sections: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      fields: z.array(
        z.strictObject({
          id: z.string(),
          label: z.string(),
          basis: z.enum(["A", "O", "P"]),
          /** Never edited: it says who declares, for which structure. */
          fixed: z.boolean().default(false),
        }),
      ),
    }),
  ),
});
export type Form = z.infer<typeof Form>;

/** A law pack: what turns facts into criteria, with its articles, its questions and its form. */
export const Regime = z.strictObject({
  id: z.string(),
  version: z.string(),
  title: z.string(),
  article: z.string(),
  effective_from: z.iso.date(),
  verified: z.iso.date(),
  criteria: z.array(Criterion).min(1),
  questions: z.array(RegimeQuestion),
  form: Form,
});
export type Regime = z.infer<typeof Regime>;

/** Reads the pack `rules/regimes/<id>`; throws `regime_invalid` naming the file and what is wrong in it. */
export function loadRegime(id: string): Regime {
  const read = (name: string): unknown => {
    const file = new URL(`./${id}/${name}`, import.meta.url);
    try {
      return plain(load(readFileSync(file, "utf8")));
    } catch (error) {
      throw new TocsinError(
        {
          code: "regime_invalid",
          where: `rules/regimes/${id}/${name}`,
          message: messageOf(error),
          remedy: "reinstall the pack",
        },
        { cause: error },
      );
    }
  };
  const checked = Regime.safeParse({ ...(read("regime.yml") as object), form: read("form.yml") });
  if (checked.success) return checked.data;
  throw new TocsinError({
    code: "regime_invalid",
    where: `rules/regimes/${id}`,
    message: z.prettifyError(checked.error),
    remedy: "reinstall the pack",
  });
}

/** YAML reads a bare date as a Date; packs hold dates as text. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}
