import { isIP } from "node:net";
import type { Alert } from "../../agent/core/alert.ts";

export type Endpoint = NonNullable<Alert["source"]>;

export type Side = "source" | "destination";

/** The endpoint of one side of an alert, begun when nothing is known of it. */
export function endpointOf(alert: Alert, side: Side): Endpoint {
  if (side === "source") {
    alert.source ??= {};
    return alert.source;
  }
  alert.destination ??= {};
  return alert.destination;
}

/** Says whether a text is an IP address; IPv4, which is nearly all, is read here, without a regular expression. */
export function isAddress(text: string): boolean {
  return isIpv4(text) || (text.includes(":") && isIP(text) === 6);
}

function isIpv4(text: string): boolean {
  let parts = 0;
  let part = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit >= 0 && digit <= 9) {
      // A leading zero is refused, as net.isIP does.
      if (part === 0) return false;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return false;
    } else if (digit === -2 && part >= 0 && parts < 3) {
      parts++;
      part = -1;
    } else return false;
  }
  return parts === 3 && part >= 0;
}

/** Writes an address into an endpoint: as `ip` when it is one, as `address` always; the first stands. */
export function putAddress(endpoint: Endpoint, text: string): void {
  if (text === "" || text === "-") return;
  // `192.0.2.1 (guest)`, or the key that a cut left without its value.
  const word = text.slice(0, Math.max(0, text.indexOf(" ")));
  const value = isAddress(word) ? word : text;
  endpoint.address ??= value;
  if (endpoint.ip === undefined && isAddress(value)) endpoint.ip = value;
}

/** A port from text or number; undefined when it is none. */
export function portOf(value: string | number): number | undefined {
  const port = wholeNumber(value);
  return port === undefined || port > 65535 ? undefined : port;
}

/** A whole number of zero or more, exact in a double; undefined when the value is none. */
export function wholeNumber(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (value.length === 0 || value.length > 15) return undefined;
  let number = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

/** The host of `host:port`, `[v6]:port` or a URL; a bare IPv6 address stays whole. */
export function hostOf(instance: string): string {
  const scheme = instance.indexOf("://");
  let host = scheme < 0 ? instance : instance.slice(scheme + 3);
  const slash = host.indexOf("/");
  if (slash >= 0) host = host.slice(0, slash);
  if (host.startsWith("[")) {
    const close = host.indexOf("]");
    return close < 0 ? host : host.slice(1, close);
  }
  const colon = host.indexOf(":");
  return colon >= 0 && colon === host.lastIndexOf(":") ? host.slice(0, colon) : host;
}
