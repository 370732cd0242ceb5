import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";

/** The request that something is done for. */
interface Asked {
  request: string;
  /** The dossier that its path names. */
  incident?: string;
}

const HEADER = "x-request-id";
const INCIDENT = /^\/[^/?]{1,64}\/incidents\/([0-9a-z-]{1,64})/i;
/** Letters only: no pattern of a patient's number masks them, and they can be read out on the telephone. */
const LETTERS = "bcdfghjklmnpqrstvwxz";
const asked = new AsyncLocalStorage<Asked>();

/** Gives each request an id, which its answer has (X-Request-Id) and so has all that is logged for it. */
export function nameRequests(app: RequestListener): RequestListener {
  return (asking, response) => {
    const letters = Array.from(randomBytes(10), (byte) => LETTERS[byte % LETTERS.length]).join("");
    const request = `${letters.slice(0, 5)}-${letters.slice(5)}`;
    response.setHeader(HEADER, request);
    const incident = INCIDENT.exec(asking.url ?? "")?.[1];
    asked.run(incident === undefined ? { request } : { request, incident }, () => app(asking, response));
  };
}

/** The request that is being answered; nothing outside of one. */
export function requestNow(): Partial<Asked> {
  return asked.getStore() ?? {};
}
