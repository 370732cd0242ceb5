import { z } from "zod";
import { AccompanimentState } from "../../core/accompaniment.ts";
import { ExchangeDirection, ExchangeKind, ExchangeParty, ExchangeWay } from "../../core/exchange.ts";
import { PartnerItem, PartnerState } from "../../core/partner.ts";
import { RecommendationKind, RecommendationState } from "../../core/recommendation.ts";
import { Line } from "../form.ts";

/*
 * What the forms of "Suivi" send. What a person typed too long or left out is refused by who carries it out, in a
 * sentence beside the form, with their words given back.
 */

/** Longest text read at all: what is too long is given back to its writer, not thrown away. */
const Text = Line(100_000).default("");
const Id = z.string().min(1).max(100);
const When = { date: Line(100).default(""), time: Line(100).default("") };
const Due = { due_date: Line(100).default(""), due_time: Line(100).default("") };

export const ExchangeForm = z.object({
  form: z.string().max(100).default(""),
  party: ExchangeParty.default("cert_sante"),
  name: Text,
  direction: ExchangeDirection.default("received"),
  way: ExchangeWay.default("mail"),
  kind: ExchangeKind.default("other"),
  subject: Text,
  text: z.string().max(100_000).default(""),
  informed: Text,
  qualified: Text,
  thread: z.string().max(110).default(""),
  ...When,
  ...Due,
});
export const CancelForm = z.object({ exchange: Id, reason: Text });
export const AnswerForm = z.object({ request: Id, version: z.coerce.number().int().min(1).max(100_000) });
export const AdviceForm = z.object({
  form: z.string().max(100).default(""),
  kind: RecommendationKind.default("remediation"),
  text: z.string().max(100_000).default(""),
  exchange: z.string().max(100).default(""),
  from: Text,
  owner: Text,
  ...Due,
});
export const SettleForm = z.object({ recommendation: Id, state: RecommendationState, because: Text });
export const HelpForm = z.object({ form: z.string().max(100).default(""), of: Text, text: Text, ...When });
export const StepForm = z.object({ accompaniment: Id, state: AccompanimentState, text: Text, ...When });
export const PartnerForm = z.object({
  item: z.union([PartnerItem, z.literal("")]).default(""),
  partner: z.string().max(100).default(""),
  form: z.string().max(100).default(""),
  label: Text,
  state: PartnerState.default("told"),
  who: Text,
  ...When,
});
export const PurposeForm = z.object({
  kind: z.enum(["resolution", "withdrawal", "complement", "reinstated"]),
  reason: Text,
});
