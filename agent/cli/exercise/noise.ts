import type { Instant } from "../../core/clock.ts";
import { timesOf } from "../../stages/exercise/fill-record.ts";

/** What a hospital's machines say all night long; none of it matters here. */
export function noise(now: Instant, zone: string): (i: number) => string {
  const { rfc3164, rfc5424 } = timesOf(now, zone);
  return (i) => {
    const host = `srv-${String(i % 40).padStart(2, "0")}`;
    switch (i % 5) {
      case 0:
        return `<38>${rfc3164} ${host} sshd[${1000 + i}]: Accepted publickey for sauvegarde from 10.20.0.9 port ${40_000 + (i % 20_000)} ssh2`;
      case 1:
        return `<134>1 ${rfc5424} fw1 fw 211 - - action=pass src=10.20.${i % 250}.${i % 200} dst=10.20.1.10 dport=443 bytes=${i * 7}`;
      case 2:
        return `<30>${rfc3164} ${host} CRON[${2000 + i}]: (root) CMD (/usr/local/bin/rotation.sh)`;
      case 3:
        return `<134>1 ${rfc5424} proxy1 squid 77 - - TCP_MISS/200 ${i % 9000} GET https://intranet.example/page/${i} 10.20.3.${i % 250}`;
      default:
        return `<14>${rfc3164} ${host} app[${i}]: GET /sante/${i} 200 ${i % 90}ms`;
    }
  };
}
