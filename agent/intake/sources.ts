import type { Inbound } from "../../connectors/contract.ts";

/** A source as the listeners know it. */
export interface TextSource {
  id: string;
  connector: Inbound;
  zone: string;
}

/** A source that speaks over HTTP, known by the digest of its token. */
export interface HttpSource extends TextSource {
  /** SHA-256 of the bearer token. */
  tokenDigest: Uint8Array;
}
