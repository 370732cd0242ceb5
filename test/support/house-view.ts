import type { HouseView } from "../../agent/core/house-view.ts";
import { tryRecord } from "../../agent/intake/try-record.ts";
import { openCatalogue } from "../../connectors/registry.ts";
import { compiled, rule } from "./compiled-rules.ts";

/** One rule, for what is tried. */
const RULES = compiled(rule("selection:\n  message|contains: inscriptible\ncondition: selection"), {
  anyLogsource: true,
});

const flown = { last: null, took: null, since: null, because: null, failing: false };

/** What a daemon of tests tells of itself: three sources, one of them silent, and settings without secrets. */
export function houseView(started: number): HouseView {
  const source = { connector: "syslog", ways: ["udp 0.0.0.0:5514"], silentAfter: null, silent: false };
  const none = {
    received: 0,
    kept: 0,
    unrecognised: 0,
    refused: 0,
    elsewhere: false,
    passedOver: 0,
    lost: 0,
    lostLastHour: 0,
    lastHour: null,
    hourFrom: null,
    understood: [],
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
        understood: [
          {
            source: "pare-feu",
            reader: "cisco-asa",
            at: started,
            sample:
              "<164>Oct 10 2025 12:34:56 fw-1 : %ASA-6-611101: IP address: 192.0.2.44, Uname: 8012345678",
          },
        ],
      },
      { ...source, ...none, id: "annuaire", lastSeen: started, silentAfter: 3_600_000_000, silent: true },
      { ...source, ...none, id: "capteurs", lastSeen: started, received: 99, lost: 1234, lostLastHour: 56 },
      { ...source, ...none, id: "divers", lastSeen: started, received: 9, unrecognised: 4, refused: 1 },
    ],
    tryRecord: async ({ text, source }) =>
      tryRecord(
        { text },
        {
          source: source === null ? undefined : { connector: "syslog", zone: "UTC" },
          ...{ catalogue: openCatalogue([]).catalogue, rules: RULES, now: started },
        },
      ),
    rules: () => ({ loaded: 14, hash: "a".repeat(64), since: started, ungated: ["too-wide"] }),
    copies: () => [
      {
        ...{ kind: "backup", folder: "/srv/copies", every: 86_400_000_000, bytes: 1_200_000 },
        ...{ last: started, problem: null, late: false },
      },
      {
        ...{ kind: "crisis", folder: "/mnt/valise", every: 300_000_000, bytes: null },
        ...{ last: null, problem: "ENOENT: no such file or directory", late: true },
      },
    ],
    canary: () => ({
      every: 300_000_000,
      ways: [
        { ...flown, name: "pare-feu tcp 127.0.0.1:5514", last: started, took: 31_000 },
        { ...flown, name: "edr http 127.0.0.1:8471" },
        { ...flown, name: "proxy udp 127.0.0.1:5515", since: started, because: "not seen again within 60 s" },
        {
          ...{ ...flown, name: "wazuh tls 192.0.2.4:6514", since: started, failing: true },
          because: "certificate has expired <b>",
        },
      ],
      uncovered: (["ipv6", "name", "client_certificate", "polled", "unknown_format"] as const).map(
        (because) => ({ name: `source-${because} tcp [2001:db8::1]:514`, because }),
      ),
    }),
    kit: () => ({ made: started, stale: "changed" }),
    unfedRules: async () => ({
      count: 1,
      of: 14,
      rules: [{ id: "cloud", title: "Cloud log <b>", logsource: "aws / cloudtrail" }],
    }),
    settings: () => [
      { title: "Établissement", lines: [{ name: "Nom", value: "Centre hospitalier du Val" }] },
    ],
    causes: () => [],
    refusedSettings: () => null,
    storeTrouble: () => null,
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
