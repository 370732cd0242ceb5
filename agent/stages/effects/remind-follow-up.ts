import type { Effect } from "../../core/effect.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Write } from "../../store/store.ts";
import { type FollowUpReminder, nextReminder, reminderLine, reminderMessage } from "../followup/reminders.ts";
import { byDay } from "../when-told.ts";
import type { Work } from "../work.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** Calls what follows declarations to mind, all that is due for one channel in one message, by day. */
export async function remindFollowUp(
  courier: Courier,
  channel: string,
  effects: readonly Effect[],
): Promise<void> {
  const { pipeline, setup, clock, channels, commit, claim, settle, after } = courier;
  if (!(await claim(...effects))) return;
  const open = channels.get(channel);
  if (open === undefined) return settle(effects, "failed", absent(channel));
  const now = clock.now();
  const morning = byDay(now, setup.facility.time_zone);
  // What was due by day and comes late waits for the next one: nobody is woken by it.
  if (morning > now) return settle(effects, "planned", "attend le jour", morning);
  const waiting: { effect: Effect; work: Work; line: string; reminder: FollowUpReminder }[] = [];
  for (const effect of effects) {
    const reminder = effect.payload as FollowUpReminder;
    const incident = effect.incident === null ? undefined : await pipeline.standing(effect.incident);
    const work = incident === undefined ? undefined : await pipeline.view(incident);
    const line = work && reminderLine(work, setup, reminder, now);
    if (work !== undefined && line !== undefined) waiting.push({ effect, work, line, reminder });
  }
  const stand = new Set(waiting.map(({ effect }) => effect));
  await settle(
    effects.filter((effect) => !stand.has(effect)),
    "done",
    NO_LONGER,
  );
  const [first] = waiting;
  const key =
    waiting.length === 1 && first !== undefined
      ? first.effect.key
      : `follow_up:${setup.facility.id}:${channel}:${sha256Hex([...stand].map((each) => each.key).join("\n"))}`;
  const lines = waiting.map(({ line, work }) => ({ line, incident: work.incident.id }));
  const message = reminderMessage(lines, { key, setup, now, page: courier.page });
  if (first === undefined || message === undefined) return;
  const attempt = await courier.sendBy(channel, open, message);
  const { state, due } = after(first.effect, attempt, open.repeatable);
  const next =
    state === "planned"
      ? []
      : waiting.flatMap(({ work, reminder }) => nextReminder(work, setup, reminder, now));
  const told = [...new Set(lines.map(({ incident }) => incident))].map((incident): Write => {
    const note = noteOf(message, channel, attempt);
    return { ...note, incident } as Write;
  });
  await commit([...told, ...next]);
  await settle([...stand], state, attempt.because, due);
}
