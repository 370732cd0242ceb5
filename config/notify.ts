import { z } from "zod";
import { Id } from "./source.ts";

/** Words for what a channel cannot do without; which systems they are is said in `dependencies`. */
export const DEPENDENCY_WORDS = {
  ad: { label: "l'annuaire", feminine: false },
  messagerie: { label: "la messagerie", feminine: true },
  internet: { label: "Internet", feminine: false },
  telephonie: { label: "la téléphonie", feminine: true },
} as const;
export type DependencyWord = keyof typeof DEPENDENCY_WORDS;

const Systems = z.array(Id).default([]);

/** Which systems each word means. */
export const Dependencies = z
  .strictObject({ ad: Systems, messagerie: Systems, internet: Systems, telephonie: Systems })
  .prefault({});

/** A way to tell people. */
export const NotifyChannel = z.strictObject({
  id: Id,
  connector: z.string(),
  for: z.array(z.enum(["on_call", "delegate", "director", "rssi", "dpo"])).min(1),
  /** Ids of systems, or words of `dependencies`: while one is touched, another channel is used. */
  depends_on: z.array(z.string().min(1)).default([]),
  /** Read by the connector itself. */
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** A file that says who is on call. */
export const RosterSettings = z.strictObject({
  for: z.enum(["on_call", "delegate"]),
  /** CSV or iCalendar, by its name; read again when it changes. */
  file: z.string().regex(/\.(csv|ics)$/i, "a .csv or an .ics file"),
});

/** What follows when nobody answers. */
export const Escalation = z
  .strictObject({
    /** (Default: 5.) */
    remind_after_minutes: z.int().min(1).max(120).default(5),
    /** (Default: 5.) */
    next_after_minutes: z.int().min(1).max(120).default(5),
    /** (Default: 15.) */
    delegate_after_minutes: z.int().min(1).max(720).default(15),
    /** (Default: 3.) */
    rounds: z.int().min(1).max(20).default(3),
  })
  .prefault({});

/** The morning's summary. */
export const Handover = z.strictObject({
  /** (Default: 08:30.) */
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day, such as 08:30")
    .default("08:30"),
});
