import type { Contact } from "../../../connectors/contract.ts";
import type { Effect } from "../../core/effect.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Write } from "../../store/store.ts";
import { type DutyTurn, dutyLine, isOvertaken } from "../duties/duty-steps.ts";
import { dutyRegimeOf } from "../duties/settle-duty.ts";
import { type DutyReminder, dutyMessage, dutyReaches, planDutyReminders } from "../duties/tell-duties.ts";
import type { Work } from "../work.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** A step of a duty has come: plans who is told of it; done twice, it plans nothing twice. */
export async function turnDuty(courier: Courier, effect: Effect, { duty }: DutyTurn): Promise<void> {
  const { setup, clock, commit, settle } = courier;
  const work = await standing(courier, effect);
  const now = clock.now();
  const regime = dutyRegimeOf(setup, duty.regime);
  if (work === undefined || regime === undefined || dutyLine(work, setup, duty, now) === undefined)
    return settle(effect, "done", NO_LONGER);
  if (isOvertaken(work, setup, duty, now)) return settle(effect, "done", "un rappel plus récent le dit");
  const reaches = dutyReaches(setup, regime, await courier.reach.accounts(), now);
  if (reaches.length === 0) return settle(effect, "failed", "aucun canal ne joint qui valide ce texte");
  await commit(planDutyReminders(work, setup, { duty, reaches, now }));
  await settle(effect, "done", "rappel prévu");
}

/** Tells whoever approves of the steps that have come: one message for all that is due to one channel and person. */
export async function tellDuties(
  courier: Courier,
  channel: string,
  effects: readonly Effect[],
): Promise<void> {
  const { setup, clock, channels, claim, settle } = courier;
  if (!(await claim(...effects))) return;
  const open = channels.get(channel);
  if (open === undefined) return settle(effects, "failed", absent(channel));
  const now = clock.now();
  const told: { effect: Effect; work: Work; line: string; reminder: DutyReminder }[] = [];
  for (const effect of effects) {
    const reminder = effect.payload as DutyReminder;
    const work = await standing(courier, effect);
    const line = work && dutyLine(work, setup, reminder.duty, now);
    if (work !== undefined && line !== undefined) told.push({ effect, work, line, reminder });
  }
  const stand = new Set(told.map(({ effect }) => effect));
  await settle(
    effects.filter((effect) => !stand.has(effect)),
    "done",
    NO_LONGER,
  );
  const accounts = await courier.reach.accounts();
  for (const [to, each] of Map.groupBy(told, ({ reminder }) => reminder.to)) {
    const account = accounts.find(({ id, active }) => id === to && active);
    const its = each.map(({ effect }) => effect);
    const [first] = its;
    if (first === undefined) continue;
    if (to !== undefined && account === undefined) {
      await settle(its, "failed", "compte fermé depuis");
      continue;
    }
    const several = `duty_due:${setup.facility.id}:${channel}:${sha256Hex(its.map(({ key }) => key).join("\n"))}`;
    const lines = each
      .map(({ line, work, reminder: { duty } }) => {
        const over = duty.step !== "waits" && duty.due <= now;
        return { line, incident: work.incident.id, regime: duty.regime, over };
      })
      // What is late is named first.
      .sort((a, b) => Number(b.over) - Number(a.over) || (a.line < b.line ? -1 : 1));
    const key = its.length === 1 ? first.key : several;
    const message = dutyMessage(lines, { key, setup, now, page: courier.page });
    if (message === undefined) continue;
    const contact: Contact | undefined = account && {
      name: account.name,
      email: account.email,
      phone: account.phone,
    };
    const attempt =
      contact === undefined
        ? await courier.sendBy(channel, open, message)
        : await courier.send(open, message, contact);
    const { state, due } = courier.after(first, attempt, open.repeatable);
    const incidents = new Set(lines.map(({ incident }) => incident));
    await courier.commit(
      [...incidents].map((incident) => ({ ...noteOf(message, channel, attempt), incident }) as Write),
    );
    await settle(its, state, attempt.because, due);
  }
}

async function standing({ pipeline }: Courier, { incident }: Effect): Promise<Work | undefined> {
  return incident === null ? undefined : pipeline.view(await pipeline.standing(incident));
}
