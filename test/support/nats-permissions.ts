import { read } from "./documents.ts";

/** The lines of the permissions of a configuration of nats-server: what each user may publish and hear, in order. */
export function subjectsOf(text: string, facility: string): string[] {
  return [...text.matchAll(/^ *((?:publish|subscribe): \{|"[^"]+"$)/gm)].map(([, line]) =>
    (line ?? "").replaceAll(facility, "FACILITY"),
  );
}

/** Those of deploy/nats, which is what any other follows. */
export const PERMITTED = subjectsOf(read("deploy/nats/nats-server.conf"), "ch-exemple");
