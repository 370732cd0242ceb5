import type { Log } from "./log.ts";

/** For how long a message that was told is only counted, ms. */
const QUIET = 60_000;

/** Warns of what strangers can cause at will: at once, then at most once a minute with how many `times` it came. */
export function seldom(log: Pick<Log, "warn">): Log["warn"] {
  const quiet = new Map<string, { times: number; fields: Record<string, unknown> }>();
  return (message, fields = {}) => {
    const told = quiet.get(message);
    if (told !== undefined) {
      told.times++;
      told.fields = fields;
      return;
    }
    log.warn(message, fields);
    const since = { times: 0, fields };
    quiet.set(message, since);
    const over = () => {
      quiet.delete(message);
      if (since.times > 0) log.warn(message, { ...since.fields, times: since.times });
    };
    setTimeout(over, QUIET).unref();
  };
}
