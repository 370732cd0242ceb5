import type { Poll } from "../../config/poll.ts";
import type { Inbound } from "../../connectors/contract.ts";
import type { SignatureCheck } from "./signature.ts";

/** A source as the listeners know it. */
export interface TextSource {
  id: string;
  connector: Inbound;
  zone: string;
}

/** A source that posts, known by whatever of these it configures: all must hold. */
export interface HttpSource extends TextSource {
  /** SHA-256 of the token. */
  tokenDigest?: Uint8Array | undefined;
  signature?: SignatureCheck | undefined;
  /** Names and fingerprints of the certificates that may post for it. */
  client?: { names: string[]; fingerprints: string[] } | undefined;
}

/** An index that is asked for its documents. */
export interface PolledIndex {
  settings: Poll;
  /** The header that lets us in. */
  authorization: string | undefined;
}

/** An open listener. */
export interface OpenListener {
  port: number;
  /** Takes in nothing more; resolves once its connections have ended. */
  stop(): Promise<void>;
}
