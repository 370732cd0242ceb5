import winston from "winston";
import type { Masks } from "../core/masked.ts";

export type Level = "error" | "warn" | "info" | "debug";

/** Where the program tells its operator what happens: a static message, the data in fields. */
export interface Log {
  error(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  debug(message: string, fields?: Record<string, unknown>): void;
}

/** JSON lines on standard error: standard output is for data. What a log collects names no patient. */
export function openLog(level: Level, base: Record<string, unknown>, masks: Masks): Log {
  const masked = winston.format((info) => {
    for (const [name, value] of Object.entries(info)) info[name] = masks.every(value, { incident: null });
    return info;
  });
  return winston.createLogger({
    level,
    defaultMeta: base,
    format: winston.format.combine(masked(), winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] })],
  });
}
