import { z } from "zod";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { STARTS } from "../../agent/core/deadline.ts";
import { FactKind } from "../../agent/core/fact.ts";
import { Role } from "../../agent/core/person.ts";
import { LeadsTo, Question } from "../../agent/core/qualification.ts";
import { Expression } from "./expression.ts";

const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$/, "letters, digits, hyphens");

const Criterion = z
  .strictObject({
    id: Id,
    label: z.string().min(1),
    article: z.string().min(1),
    verbatim: z.string().min(1),
    /** False for doctrine: shown apart from what the law says. */
    legal: z.boolean(),
    /** What it leads to when it is met. (Default: `duty` when legal, else `advice`.) */
    leads_to: LeadsTo.optional(),
    /** Shown only once it is met: what only a person settles. */
    only_when_stated: z.boolean().default(false),
    met: Expression.optional(),
    proven: Expression.optional(),
    potential: Expression.optional(),
    not_met_note: z.string().optional(),
  })
  .refine((criterion) => (criterion.met === undefined) !== (criterion.potential === undefined), {
    error: "one of met, or potential (with proven), must be given",
  })
  .refine((criterion) => criterion.proven === undefined || criterion.potential !== undefined, {
    error: "proven goes with potential",
    path: ["proven"],
  })
  // Degrees are the law's own words: "potentielles ou avérées".
  .refine(({ potential, verbatim }) => potential === undefined || /potentiel/.test(verbatim), {
    error: "a degree is given and the verbatim text knows none; write met",
    path: ["potential"],
  });
export type Criterion = z.infer<typeof Criterion>;

const RegimeQuestion = Question.extend({
  id: Id,
  criteria: z.array(Id).min(1),
  answers: z
    .array(
      z.strictObject({
        id: Id,
        label: z.string().min(1),
        states: z.array(z.strictObject({ fact: FactKind, holds: z.boolean() })).min(1),
      }),
    )
    .min(2),
}).strict();
export type RegimeQuestion = z.infer<typeof RegimeQuestion>;

/** A clock that a met criterion starts; it never pauses, at night or on holidays. */
const RegimeClock = z.strictObject({
  id: Id,
  label: z.string().min(1),
  article: z.string().min(1),
  /** Criteria of which one met starts it. */
  when: z.array(Id).min(1),
  /** The instant it counts from, the first one that is known. */
  starts: z.array(z.enum(STARTS)).min(1),
  /** Neither hours nor months: "sans délai". */
  hours: z.int().min(1).optional(),
  months: z.int().min(1).optional(),
  /** `condition`: what is lost by not acting in time is a right, it is no duty. */
  nature: z.enum(["duty", "condition"]).default("duty"),
  /** Who settles, with a reason, from when it counts; until then it is proposed. */
  settled_by: Question.shape.asked_of.optional(),
  recipient: z.string().min(1),
  /** Which notification meets it, where a duty is met in several. (Default: the first.) */
  stage: z.int().min(1).max(9).default(1),
});
export type RegimeClock = z.infer<typeof RegimeClock>;

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
          basis: z.enum(["A", "O", "F", "P"]),
          /** Never edited: it says who declares, for which structure. */
          fixed: z.boolean().default(false),
          /** A closed list: its value is one of these, or several joined by `; ` where `several` is set. */
          choices: z
            .array(
              z
                .string()
                .min(1)
                .regex(/^[^;\n]+$/, "neither ; nor a line break"),
            )
            .min(2)
            .optional(),
          several: z.boolean().default(false),
        }),
      ),
    }),
  ),
});
export type Form = z.infer<typeof Form>;

/** A sentence with a place to fill in: `{criteria}`, `{question}`. */
const naming = (place: string) =>
  z.string().refine((text) => text.includes(place), { error: `must hold ${place}` });

/** What a page says first, in French, for each verdict. */
const Sentences = z.strictObject({
  declare: naming("{criteria}"),
  advised: z.string().min(1),
  answer_missing: naming("{question}"),
  no_duty_found: z.string().min(1),
  watching: z.string().min(1),
  not_applicable: z.string().min(1),
});

/** A law pack: what turns facts into criteria, with its articles, its questions, its clocks and its words. */
export const Regime = z.strictObject({
  id: Id,
  /** Packs of one duty are its law at different times: one of them is in force on a day. */
  duty: Id,
  /** Numbers with dots: of two packs of one id the higher is in force. */
  version: z.string().regex(/^\d{1,6}(\.\d{1,6}){0,3}$/, "write numbers with dots, such as 2 or 2.1"),
  title: z.string().min(1),
  article: z.string().min(1),
  /** False for a pack that may not be used yet; `reason` says why. */
  enabled: z.boolean().default(true),
  reason: z.string().optional(),
  /** Absent when no date could be verified: then it is evaluated whatever the day. */
  effective_from: z.iso.date().optional(),
  /** The last day. */
  effective_until: z.iso.date().optional(),
  verified: z.iso.date(),
  /** What the facility must be for it to concern it. (Default: any.) */
  applies: Expression.optional(),
  criteria: z.array(Criterion).min(1),
  questions: z.array(RegimeQuestion),
  clocks: z.array(RegimeClock).default([]),
  sentences: Sentences,
  /** What the reader must know beside the verdict, each with its source. */
  reminders: z.array(z.strictObject({ text: z.string().min(1), article: z.string().min(1) })).default([]),
  /** What is declared as data; only packs for which Tocsin prepares a text have one. */
  form: Form.optional(),
  /** True for the pack that leads the state, the declaration and the verdict of an incident. */
  leads: z.boolean().default(false),
  /** Roles of which one approves the text, for a pack that does not lead; the facility's own order, not the law's. */
  approvers: z
    .array(Role.exclude(["operator", "auditor"]))
    .min(1)
    .optional(),
  /** True where the text lets a notification be made in several times: what is learnt later completes it. */
  staged: z.boolean().default(false),
  /** True where what falls under it is written down in a register, notified or not. */
  register: z.boolean().default(false),
});
export type Regime = z.infer<typeof Regime>;
/** A pack that leads the state, the draft and the verdict of an incident. */
export type LeadingRegime = Regime & { form: Form; leads: true };
/** A pack beside it with a text of its own, approved by a person of one of these roles. */
export type DutyRegime = Regime & { form: Form; leads: false; approvers: NonNullable<Regime["approvers"]> };

/** The field in which a text tells why it comes late. */
export const LATE_FIELD = "late_reason";

/** True when a pack was verified over a year ago: law changes, so it is doubted. */
export function verifiedLongAgo({ verified }: { verified: string }, now: number): boolean {
  return now - Date.parse(verified) * 1000 > 365 * MICROSECONDS.day;
}

/** What a criterion leads to when it is met. */
export function leadsTo({ legal, leads_to }: Pick<Criterion, "legal" | "leads_to">): LeadsTo {
  return leads_to ?? (legal ? "duty" : "advice");
}
