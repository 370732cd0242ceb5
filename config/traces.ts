import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";

/** Where traces of the work of the main thread are sent (OTLP over HTTP, in JSON). */
export const Traces = z.strictObject({
  /** `http://127.0.0.1:4318/v1/traces`: the collector's whole address. */
  url: z.url({ protocol: /^https?$/ }),
  /** Sent as `Authorization: Bearer`. */
  token: SecretSource.optional(),
  /** Which part of them is kept, from 0 to 1. (Default: 1.) */
  ratio: z.number().min(0).max(1).default(1),
});
export type Traces = z.infer<typeof Traces>;
