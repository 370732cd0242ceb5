import winston from "winston";
import type { Masks } from "../core/masked.ts";
import { requestNow } from "./name-requests.ts";

export type Level = "error" | "warn" | "info" | "debug";

/** Where the program tells its operator what happens: a static message, the data in fields. */
export interface Log {
  error(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  debug(message: string, fields?: Record<string, unknown>): void;
}

/** What JSON leaves as it is, and others take for the end of a line, a terminal's order or a turn of the writing. */
const UNSEEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const FINISHED = Symbol.for("message");

/** JSON lines on standard error: standard output is for data. What a log collects names no patient. */
export function openLog(level: Level, base: Record<string, unknown>, masks: Masks): Log {
  const named = winston.format((info) => Object.assign(info, { ...requestNow(), ...info }));
  const masked = winston.format((info) => {
    for (const [name, value] of Object.entries(info)) info[name] = masks.every(value, { incident: null });
    return info;
  });
  const visible = winston.format((info) => {
    info[FINISHED] = String(info[FINISHED]).replace(
      UNSEEN,
      (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return info;
  });
  return winston.createLogger({
    level,
    defaultMeta: base,
    format: winston.format.combine(
      named(),
      masked(),
      winston.format.timestamp(),
      winston.format.json(),
      visible(),
    ),
    transports: [new winston.transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] })],
  });
}
