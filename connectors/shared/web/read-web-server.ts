import type { ReadBody } from "../bodies/tell.ts";
import { readAccess } from "./read-access.ts";
import { readApacheError } from "./read-apache-error.ts";
import { readNginxError } from "./read-nginx-error.ts";

/** Dates within a message are passed over: its carrier told when. */
const ANY_TIME = { received: 0, zone: "UTC" };

/** Makes the reader of what a web server sends through syslog: lines of its access log or of its error log. */
export function readWebServer(server: "apache" | "nginx"): ReadBody {
  const readError = server === "nginx" ? readNginxError : readApacheError;
  return (draft, message) => {
    const { event } = draft;
    const access = readAccess(draft, message, ANY_TIME) !== undefined;
    if (!access && readError(draft, message, ANY_TIME) === undefined) return;
    event.module = server;
    event.dataset = `${server}.${access ? "access" : "error"}`;
  };
}
