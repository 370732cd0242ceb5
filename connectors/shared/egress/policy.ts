import type { BlockList } from "node:net";
import { z } from "zod";
import { type Reveal, SecretSource } from "../../contract.ts";
import { isNetwork } from "./may-reach.ts";

/** Where calls may go: a call elsewhere fails before anything of it leaves. */
export interface EgressPolicy {
  /** The origins (scheme, host and port) that may be asked, each as `URL.origin` writes it. */
  origins: ReadonlySet<string> | "any";
  /** Networks that are open besides the public Internet; `any` opens every address. */
  networks: BlockList | "any";
}

/** How long a call may take, and how much may come back. */
export interface CallLimits {
  /** How long it may take to reach the other side, TLS included. */
  connectSeconds: number;
  /** How long the whole may take, to the answer's last byte. */
  answerSeconds: number;
  /** Longest answer, once decompressed. */
  answerBytes: number;
}

/** Where operators send their own messages: they chose the place, and most often it stands inside. */
export const ANYWHERE: EgressPolicy = { origins: "any", networks: "any" };

/** Networks of a configuration that may be reached although they are not public. (Default: none.) */
export const PrivateNetworks = z
  .array(z.string().refine(isNetwork, "not a network, such as 10.20.0.0/16, fd00::/8 or 10.20.0.5"))
  .max(50)
  .default([]);

/** The proxy by which calls leave, as a configuration says it: the environment never does. */
export const ProxySettings = z
  .strictObject({
    url: z
      .string()
      .max(500)
      .refine(isProxy, "give http:// or https://, a host and its port, and nothing more"),
    username: z
      .string()
      .regex(/^[^:\p{Cc}]{1,200}$/u, "a name without a colon")
      .optional(),
    password: SecretSource.optional(),
    /** PEM: the authority of the certificate of a proxy over https. (Default: those of the system.) */
    authority: SecretSource.optional(),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: "give username and password together",
    path: ["password"],
  });
export type ProxySettings = z.infer<typeof ProxySettings>;

/** A proxy with what it is shown. */
export interface OutgoingProxy {
  url: string;
  /** Value of `Proxy-Authorization` (RFC 7617). */
  authorization?: string | undefined;
  authority?: string | undefined;
}

/** The proxy of settings that hold it as `proxy`; undefined when they have none. */
export function proxyOf(settings: ProxySettings | undefined, reveal: Reveal): OutgoingProxy | undefined {
  if (settings === undefined) return undefined;
  const { url, username, password, authority } = settings;
  const shown = password === undefined ? undefined : `${username}:${reveal("proxy.password")}`;
  return {
    url,
    authorization: shown && `Basic ${Buffer.from(shown, "utf8").toString("base64")}`,
    authority: authority && reveal("proxy.authority"),
  };
}

function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  const bare = username === "" && password === "" && pathname === "/" && search === "" && hash === "";
  return /^https?:$/.test(protocol) && bare;
}
