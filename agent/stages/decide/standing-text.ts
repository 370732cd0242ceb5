import type { TextId } from "../../core/decision.ts";
import type { Declaration } from "../../core/declaration.ts";
import { currentDeclaration, type Work } from "../work.ts";

/** The text that stands for a decision; undefined when none does. */
export function standingText({ declarations }: Pick<Work, "declarations">): TextId | null {
  const current = currentDeclaration({ declarations });
  return current?.state === "draft" ? idOf(current) : null;
}

/** What a text to decide on is known by. */
export function idOf(declaration: Declaration | undefined): TextId | null {
  return declaration === undefined
    ? null
    : { declaration: declaration.id, version: declaration.version, sha256: declaration.sha256 };
}
