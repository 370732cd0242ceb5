import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peer } from "./peer.ts";

export const rsyslog = peer("rsyslog", "rsyslogd", "apt-get install rsyslog");

/** A running rsyslog that forwards what is appended to a file. */
export interface Rsyslog {
  watched: string;
  stop(): Promise<void>;
}

/**
 * Starts an rsyslog in a folder of its own; `settings` go before its inputs, `action` says where it forwards to.
 * Its queue holds all that a test sends: a full one drops what it cannot hand on within two seconds.
 */
export function startRsyslog(
  work: string,
  { settings = "", action }: { settings?: string; action: string },
): Rsyslog {
  mkdirSync(work, { recursive: true });
  const watched = join(work, "application.log");
  writeFileSync(watched, "");
  const configuration = join(work, "rsyslog.conf");
  writeFileSync(
    configuration,
    `global(workDirectory="${work}" maxMessageSize="64k")
${settings}
module(load="imfile" mode="inotify")
input(type="imfile" File="${watched}" Tag="application:" Severity="warning" Facility="local3")
action(${action} template="RSYSLOG_SyslogProtocol23Format"
       action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="linkedList" queue.size="100000")
`,
  );
  const running: ChildProcess = spawn("rsyslogd", ["-n", "-f", configuration, "-i", join(work, "pid")], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  return {
    watched,
    async stop() {
      if (running.exitCode !== null || running.signalCode !== null) return;
      running.kill("SIGTERM");
      await once(running, "exit");
    },
  };
}
