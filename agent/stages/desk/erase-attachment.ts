import type { Clock } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Masks } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { type Actor, type Refused, refuse, WRITING } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { attachmentAt } from "./attachment-at.ts";
import type { AttachmentPlace } from "./desk.ts";
import { NOT_ALLOWED } from "./facts-desk.ts";

export const UNKNOWN_ATTACHMENT = refuse(
  "unknown_attachment",
  "Aucune pièce jointe de ce dossier n'a cette adresse.",
);

/** Erases the bytes of an attachment that should never have been put there; the journal keeps who, why and the hash. */
export async function eraseAttachment(
  { incident, note, number, reason }: AttachmentPlace & { reason: string },
  actor: Actor,
  parts: {
    store: Store;
    facility: string;
    pipeline: Pick<Pipeline, "view">;
    now: Clock["now"];
    masks: Masks;
  },
): Promise<{ outcome: "erased" } | Refused> {
  const { store, facility, masks } = parts;
  if (!mayAct(actor, "erase")) return NOT_ALLOWED;
  const { least, most } = WRITING.reason;
  const why = reason.trim().toWellFormed();
  if (why.length < least || why.length > most)
    return refuse("reason_missing", `Le motif compte de ${least} à ${most} caractères.`);
  const work = await parts.pipeline.view(incident);
  if (work === undefined || underDefenceSecret(work.facts)) return UNKNOWN_ATTACHMENT;
  const attachment = await attachmentAt(store, facility, { incident, note, number });
  if (attachment === undefined) return UNKNOWN_ATTACHMENT;
  const { sha256 } = attachment;
  const by = { account: actor.id, name: actor.name };
  // A reason that names the patient would put into the journal what is erased elsewhere.
  const erased = { sha256, by, because: masks.text(why, { incident }) };
  const writes = [{ write: "attachment_erasure" as const, erased }];
  const receipt = await store.commit({ facility, at: parts.now(), writes });
  if (receipt.outcome === "committed") return { outcome: "erased" };
  // Erased by somebody else meanwhile, or by the same form before: their reason stands.
  const [before] = await store.reads.erasedAttachments(facility, [sha256]);
  return before === undefined ? UNKNOWN_ATTACHMENT : { outcome: "erased" };
}
