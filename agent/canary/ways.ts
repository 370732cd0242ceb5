import { isIPv6 } from "node:net";
import type { LoadedConfig } from "../../config/load.ts";
import type { Listen, ServerTls } from "../../config/source.ts";
import type { Inbound } from "../../connectors/contract.ts";
import type { SignatureCheck } from "../intake/signature.ts";
import type { Listening } from "../intake/thread.ts";
import { signatureCheck } from "../setup.ts";

/** A way in that a canary flies through. */
export interface Way {
  /** `pare-feu tcp 127.0.0.1:5514`: the same for as long as it is the same way. */
  name: string;
  source: string;
  transport: Listening["transport"];
  /** Where it is reached from this machine. */
  host: string;
  port: number;
  /** The certificate that it shows (PEM file). */
  certificate?: string | undefined;
  /** What it is shown, where it asks for a certificate (PEM files). */
  client?: { certificate: string; key: string } | undefined;
  /** What a post is known by. */
  token?: string | undefined;
  signature?: SignatureCheck | undefined;
  example: Inbound["example"];
}

/** A way in that none flies through, and why, in English: a page puts it into French. */
export interface UncoveredWay {
  name: string;
  because: "ipv6" | "name" | "client_certificate" | "polled" | "unknown_format";
}

/** Says through which ways in of a configuration a canary can fly; `listening` tells the ports that were taken for 0. */
export function waysOf(
  { config, secrets }: Pick<LoadedConfig, "config" | "secrets">,
  parts: { listening: readonly Listening[]; named: (connector: string) => Inbound | undefined },
): { ways: Way[]; uncovered: UncoveredWay[] } {
  const ways: Way[] = [];
  const uncovered: UncoveredWay[] = [];
  const taken = [...parts.listening];
  const client = config.canary === "off" ? undefined : config.canary.client;
  const secret = (path: string) => secrets.get(path)?.reveal() ?? "";

  function portOf(source: string | null, transport: Way["transport"], at: { address: string; port: number }) {
    if (at.port !== 0) return at.port;
    const found = taken.findIndex(
      (each) => each.source === source && each.transport === transport && each.address === at.address,
    );
    return found < 0 ? 0 : ((source === null ? taken[found] : taken.splice(found, 1)[0])?.port ?? 0);
  }

  function add(
    source: { id: string; connector: string },
    given: Pick<Way, "transport" | "token" | "signature"> & {
      address: string;
      port: number;
      tls?: ServerTls | undefined;
      /** It lets in none without a certificate. */
      asks: boolean;
    },
  ): void {
    const { address, port, transport, tls, asks, ...known } = given;
    const host = hostOf(address);
    const name = `${source.id} ${transport} ${isIPv6(address) ? `[${address}]` : address}:${port}`;
    const example = parts.named(source.connector)?.example;
    const because =
      asks && client === undefined
        ? "client_certificate"
        : typeof host === "string"
          ? undefined
          : host.because;
    if (because !== undefined) uncovered.push({ name, because });
    else if (example === undefined) uncovered.push({ name, because: "unknown_format" });
    else if (typeof host === "string")
      ways.push({
        ...{ name, source: source.id, transport, host, port, example, ...known },
        certificate: tls?.certificate,
        client: asks ? client : undefined,
      });
  }

  for (const [i, source] of config.sources.entries()) {
    for (const listen of source.listen) {
      const tls = tlsOf(listen);
      const { transport, address } = listen;
      const asks = tls?.clients !== undefined;
      add(source, { transport, address, port: portOf(source.id, transport, listen), tls, asks });
    }
    const { token, signature } = source;
    if (token !== undefined || signature !== undefined || source.client !== undefined) {
      const { intake } = config.listeners;
      add(source, {
        ...{ transport: "http", address: intake.address, port: portOf(null, "http", intake) },
        tls: intake.tls,
        asks: source.client !== undefined,
        token: token && secret(`sources.${i}.token`),
        signature: signature && signatureCheck(signature, secret(`sources.${i}.signature.secret`)),
      });
    }
    if (source.poll !== undefined) uncovered.push({ name: source.id, because: "polled" });
  }
  return { ways, uncovered };
}

const tlsOf = (listen: Listen): ServerTls | undefined => ("tls" in listen ? listen.tls : undefined);

/** The address to reach a listener by from the canary's. */
function hostOf(address: string): string | { because: "ipv6" | "name" } {
  if (address === "0.0.0.0" || address === "::") return "127.0.0.1";
  if (address === "localhost") return { because: "name" };
  // A link-local address is reached from itself only.
  return /^fe[89ab]/i.test(address) ? { because: "ipv6" } : address;
}
