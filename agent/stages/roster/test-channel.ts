import type { Attempt, Contact, Message } from "../../../connectors/contract.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Store } from "../../store/store.ts";
import type { OpenChannel } from "../notify.ts";
import type { Setup } from "../work.ts";

/** Sends a test by one channel, marked as one; who asked for it and what became of it is journalled. */
export async function testChannel(
  channel: string,
  parts: {
    store: Pick<Store, "commit">;
    setup: Pick<Setup, "facility" | "masks" | "newId">;
    clock: Clock;
    open: OpenChannel;
    /** Who asks, as the journal names them. */
    by: { account: string | null; name: string };
    /** Whom to reach, by a channel without a target of its own. */
    to?: Contact | undefined;
    link: string;
    signal: AbortSignal;
  },
): Promise<Attempt> {
  const { store, setup, clock, open, by, to } = parts;
  const facility = setup.facility.id;
  const none = { incident: null };
  const message: Message = {
    key: `test:${facility}:${channel}:${setup.newId()}`,
    facility,
    incident: null,
    event: "test",
    exercise: true,
    subject: setup.masks.text(`TEST – EXERCICE : essai du canal ${channel}`, none),
    text: setup.masks.text(
      `${setup.facility.name}. Ceci est un essai demandé par ${by.name} : il n'y a pas d'incident, et rien à faire.`,
      none,
    ),
    link: parts.link,
    occurred: clock.now(),
  };
  const note = (content: object) =>
    store.commit({
      facility,
      at: clock.now(),
      writes: [
        {
          write: "note",
          what: "channel_test",
          incident: null,
          content: { channel, by, key: message.key, ...content },
        },
      ],
    });
  // The intent first: a test that was sent and not written down did not happen.
  await note({ to: to?.name ?? null, step: "begun" });
  let attempt: Attempt;
  try {
    attempt = await open.send(message, { now: clock.now(), signal: parts.signal, to });
  } catch (error) {
    attempt = { outcome: "uncertain", because: messageOf(error) };
  }
  await note({ step: "ended", attempt });
  return attempt;
}

/** What became of a test, in French. */
export const TEST_OUTCOMES: Readonly<Record<Attempt["outcome"], string>> = {
  delivered: "Pris en charge",
  refused: "Refusé",
  unreachable: "Injoignable",
  uncertain: "Sans confirmation, à vérifier",
};
