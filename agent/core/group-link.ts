import { z } from "zod";

const Instant = z.int();
const Who = z.object({ account: z.string(), name: z.string() });

/**
 * A dossier of ours said to belong with one of another facility of the group, by a person: a reason to look at C5, and
 * nothing more. Of the other dossier only what names it is kept.
 */
export const GroupLink = z.object({
  /** Made with the form it was typed in: sent twice, it is declared once. */
  id: z.string(),
  /** Ours, and what people call it. */
  incident: z.string(),
  reference: z.string(),
  other: z.object({
    facility: z.string(),
    /** What the facility is called in our configuration. */
    name: z.string(),
    incident: z.string(),
    reference: z.string(),
    title: z.string(),
  }),
  by: Who,
  at: Instant,
  reason: z.string(),
  /** The link of the other facility that this one confirms; null when it was declared here first. */
  answers: z.string().nullable(),
  withdrawn: Who.extend({ at: Instant, reason: z.string() }).nullable(),
});
export type GroupLink = z.infer<typeof GroupLink>;

/** What a link is listed by: the dossier that it names while it stands, so that the other facility finds it. */
export function groupLinkState({ other, withdrawn }: Pick<GroupLink, "other" | "withdrawn">): string {
  return withdrawn === null ? targetState(other) : "withdrawn";
}

/** The state of links that name a dossier. */
export function targetState({ facility, incident }: { facility: string; incident: string }): string {
  return `${facility}/${incident}`;
}
