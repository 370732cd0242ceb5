/** Where the pages tell what happened: a static message, the data in fields. */
export interface WebLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}
