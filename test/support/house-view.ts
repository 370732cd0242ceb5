import type { HouseView } from "../../agent/core/house-view.ts";

/** What a daemon of tests tells of itself: three sources, one of them silent, and settings without secrets. */
export function houseView(started: number): HouseView {
  const source = { connector: "syslog", ways: ["udp 0.0.0.0:5514"], silentAfter: null, silent: false };
  const none = {
    received: 0,
    kept: 0,
    unrecognised: 0,
    refused: 0,
    passedOver: 0,
    lastHour: null,
    hourFrom: null,
  };
  return {
    started,
    version: "0.0.0",
    sources: async () => [
      {
        ...source,
        ...none,
        id: "pare-feu",
        lastSeen: started,
        received: 12_345,
        kept: 12,
        lastHour: 400,
        hourFrom: started,
      },
      { ...source, ...none, id: "annuaire", lastSeen: started, silentAfter: 3_600_000_000, silent: true },
      { ...source, ...none, id: "divers", lastSeen: started, received: 9, unrecognised: 4, refused: 1 },
    ],
    rules: () => ({ loaded: 14, hash: "a".repeat(64), since: started, ungated: ["too-wide"] }),
    settings: [{ title: "Établissement", lines: [{ name: "Nom", value: "Centre hospitalier du Val" }] }],
    causes: () => [],
    certificates: () => [
      {
        where: "listeners.people",
        subject: "CN=tocsin.example",
        until: started + 10 * 86_400_000_000,
        problem: null,
      },
    ],
    disk: () => ({ database: 12_345_678, log: 0, free: 5_000_000_000, folder: "/var/lib/tocsin" }),
  };
}
