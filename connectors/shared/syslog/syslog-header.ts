import type { Instant } from "../../../agent/core/clock.ts";

/** What a syslog record says before its message. */
export interface SyslogHeader {
  form: "rfc5424" | "rfc3164" | "cisco";
  priority: number | undefined;
  /** The code of a severity told in words, without a facility. */
  severity: number | undefined;
  /** What stood between `<` and `>` when it was no priority. */
  oddPriority: string | undefined;
  version: string | undefined;
  instant: Instant | undefined;
  hostname: string | undefined;
  /** An address written beside the host's name. */
  address: string | undefined;
  appname: string | undefined;
  procid: string | undefined;
  msgid: string | undefined;
  structuredData: StructuredData | undefined;
  mnemonic: Mnemonic | undefined;
  /** The number that a Cisco device counts its messages with. */
  sequence: string | undefined;
  /** The host of a header around this one. */
  relay: string | undefined;
  /** Index where the message begins; the text's length when there is none. */
  body: number;
}

export type StructuredData = Record<string, Record<string, string>>;

/** `%FACILITY-SEVERITY-MNEMONIC:` as Cisco devices write it, `%%01MODULE/SEVERITY/BRIEF` as Huawei and H3C do. */
export interface Mnemonic {
  vendor: "cisco" | "huawei";
  facility: string;
  severity: number;
  mnemonic: string;
  /** Of the whole, `%` to the end of the mnemonic. */
  length: number;
}

/** A header of which nothing is read yet. */
export function emptyHeader(): SyslogHeader {
  return {
    form: "rfc3164",
    priority: undefined,
    severity: undefined,
    oddPriority: undefined,
    version: undefined,
    instant: undefined,
    hostname: undefined,
    address: undefined,
    appname: undefined,
    procid: undefined,
    msgid: undefined,
    structuredData: undefined,
    mnemonic: undefined,
    sequence: undefined,
    relay: undefined,
    body: 0,
  };
}
