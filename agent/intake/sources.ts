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

/** An open listener. */
export interface OpenListener {
  port: number;
  /** Takes in nothing more; resolves once its connections have ended. */
  stop(): Promise<void>;
}
