import { z } from "zod";

/** A host that alerts speak of and that no system claims. */
export const UnknownAsset = z.strictObject({
  /** As the first alert wrote it. */
  host: z.string(),
  /** Receipt of the first and of the last alert. */
  first: z.number(),
  last: z.number(),
  alerts: z.number(),
  /** Who spoke of it last. */
  source: z.string(),
});
export type UnknownAsset = z.infer<typeof UnknownAsset>;

/** What is kept of unknown hosts: those that come back stay, and what had no place is counted. */
export const UnknownAssets = z.strictObject({
  hosts: z.array(UnknownAsset),
  /** Hosts that gave their place to another one, and their alerts. */
  forgotten: z.strictObject({ hosts: z.number(), alerts: z.number() }),
});
export type UnknownAssets = z.infer<typeof UnknownAssets>;

/** Hosts kept: names are invented as easily as alerts are sent. */
export const UNKNOWN_HOSTS = 500;
