import { z } from "zod";
import { enumOf } from "./enum-of.ts";

/** Longest texts; most subscribers at a time, and systems of one bulletin. */
export const BULLETIN = { title: 200, address: 500, text: 4000, systems: 50, subscribers: 100 } as const;

const Instant = z.int();
const Writer = z.object({ account: z.string(), name: z.string() });

/** One of our people who receives CERT Santé's information service. */
export const Subscriber = z.object({
  id: z.string(),
  name: z.string(),
  function: z.string(),
  email: z.string(),
  since: Instant,
  by: Writer,
  /** When it ended, and who said so; null while it runs. */
  ended: z.object({ at: Instant, by: Writer }).nullable(),
  state: z.enum(["subscribed", "ended"]),
});
export type Subscriber = z.infer<typeof Subscriber>;

export const BULLETIN_STATES = {
  unread: "À traiter",
  handled: "Traité",
  not_concerned: "Pas concerné",
} as const;
export const BulletinState = enumOf(BULLETIN_STATES);
export type BulletinState = z.infer<typeof BulletinState>;

/** A bulletin that the information service sent, and the systems of ours that it is about. */
export const Bulletin = z.object({
  id: z.string(),
  title: z.string(),
  /** Where it can be read: an address or a reference, as it was written; empty when there is none. */
  address: z.string(),
  text: z.string(),
  received: Instant,
  systems: z.array(z.string()),
  state: BulletinState,
  recorded: Instant,
  by: Writer,
  handled: z.object({ at: Instant, by: Writer, because: z.string() }).nullable(),
});
export type Bulletin = z.infer<typeof Bulletin>;
