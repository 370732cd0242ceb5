import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { RECORD_BYTES } from "./records.ts";
import type { Scene } from "./scene.ts";

/** Sends records, as `makeRecords` makes them, to a port at so many a second, once or for `seconds`; resolves with how many left. */
export type SendDatagrams = (to: {
  port: number;
  records: Buffer;
  rate: number;
  seconds?: number;
}) => Promise<number>;

/** Builds what sends datagrams at an even rate. */
export function datagramSender(scene: Scene): SendDatagrams {
  const program = join(scene.folder("udp-sender"), "udp-sender");
  execFileSync("gcc", ["-O2", "-o", program, join(import.meta.dirname, "udp-sender.c")]);
  return async ({ port, records, rate, seconds }) => {
    const told = [port, rate, RECORD_BYTES + 1, ...(seconds === undefined ? [] : [seconds])];
    const running = promisify(execFile)(program, told.map(String));
    running.child.stdin?.end(records);
    return Number((await running).stdout);
  };
}
