import type { Request } from "express";
import { z } from "zod";
import { PageError } from "./page-error.ts";

/** Reads a submitted form; 422 naming the fields when it does not fit. */
export function readForm<T extends z.ZodType>(request: Request, shape: T): z.infer<T> {
  const read = shape.safeParse(request.body ?? {});
  if (read.success) return read.data;
  const fields = [...new Set(read.error.issues.map((issue) => issue.path.join(".")))].join(", ");
  throw new PageError(422, { message: `Valeur absente ou illisible : ${fields}. Rien n'a été enregistré.` });
}

/** The exact text the person had before their eyes, as the form carries it. */
export const TextFields = {
  declaration: z.string().min(1).max(100),
  version: z.coerce.number().int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};

/** The sentence that an address picks, of those there are; null for anything else. */
export function pickedBy(name: unknown, sentences: Readonly<Record<string, string>>): string | null {
  return typeof name === "string" && Object.hasOwn(sentences, name) ? (sentences[name] ?? null) : null;
}

/** One line of text typed by a person, trimmed. */
export const Line = (limit: number) => z.string().trim().max(limit);
