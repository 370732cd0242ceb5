import type { Clock } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import { contentOf, type Declaration } from "../../core/declaration.ts";
import type { Delivery, Impossibility } from "../../core/delivery.ts";
import type { Reads } from "../../store/store.ts";
import { formatInstant } from "../french.ts";
import { declarationPdf } from "./declaration-pdf.ts";
import { arsWords, paperState } from "./text-state.ts";

export interface PrinterParts {
  facility: { id: string; timeZone: string };
  clock: Clock;
  /** Address of a page of the facility, by its path: `incidents/<id>`. */
  page: (path: string) => string;
}

/** What became of a text: what its paper says beside it. */
export interface Standing {
  decisions: readonly Decision[];
  deliveries: readonly Delivery[];
}

/**
 * Prints a stored text as a PDF, with its state and its decision as they are now; `toArs` is why this paper is itself the
 * declaration.
 */
export function printDeclaration(
  declaration: Declaration,
  { decisions, deliveries }: Standing,
  { facility, clock, page }: PrinterParts,
  toArs?: Impossibility,
): Promise<Uint8Array> {
  const content = contentOf(declaration);
  const decision = decisions.findLast((each) => each.sha256 === declaration.sha256);
  const time = (instant: number) => formatInstant(instant, facility.timeZone);
  const now = clock.now();
  return declarationPdf({
    declaration,
    content,
    ...(toArs === undefined
      ? { state: paperState(declaration, content.exercise, deliveries) }
      : arsWords(toArs, content.exercise, time)),
    decision: decision === undefined ? null : decisionWords(decision, time),
    address: page(`incidents/${encodeURIComponent(declaration.incident)}/declaration`),
    made: now,
    time,
  });
}

/**
 * The same for who has no dossier at hand: what became of the text is read when it is printed. What `leaves` in place of
 * the portal says so.
 */
export function openPrinter(
  parts: PrinterParts & { reads: Pick<Reads, "ofIncident"> },
): (declaration: Declaration, leaves?: Delivery) => Promise<Uint8Array> {
  const { reads, facility } = parts;
  return async (declaration, leaves) => {
    const [decisions, deliveries] = await Promise.all([
      reads.ofIncident(facility.id, "decision", declaration.incident),
      reads.ofIncident(facility.id, "delivery", declaration.incident),
    ]);
    const standing = {
      decisions: decisions.map(({ content }) => content),
      deliveries: deliveries.map(({ content }) => content),
    };
    const toArs = leaves?.kind === "declaration" ? leaves.impossibility : undefined;
    return printDeclaration(declaration, standing, parts, toArs);
  };
}

function decisionWords(
  { decision, delegate, at, state }: Decision,
  time: (instant: number) => string,
): string {
  const done = decision === "approved" ? "validé" : "non déclaré";
  const oral = state === "oral" ? ", de vive voix, à confirmer" : "";
  return `${done} par ${delegate.name} le ${time(at)}${oral}`;
}
