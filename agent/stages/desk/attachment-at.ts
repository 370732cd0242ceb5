import type { Attachment } from "../../core/logbook.ts";
import type { Store } from "../../store/store.ts";
import type { AttachmentPlace } from "./desk.ts";

/** The attachment at a place of an incident, whatever record names it: a note or an exchange, by their ids. */
export async function attachmentAt(
  { reads }: Pick<Store, "reads">,
  facility: string,
  { incident, note, number }: AttachmentPlace,
): Promise<Attachment | undefined> {
  const found =
    (await reads.record(facility, "logbook", note)) ?? (await reads.record(facility, "exchange", note));
  return found?.content.incident === incident ? found.content.attachments?.[number - 1] : undefined;
}
