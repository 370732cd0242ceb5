import { setTimeout } from "node:timers/promises";
import type { BenchDaemon } from "../bench/scene.ts";
import { type Fetched, textOf, type Browser as Visitor } from "../bench/signed-in.ts";
import { FACILITY, post } from "../support/daemon.ts";
import { hiddenFields } from "../support/web-visitor.ts";

/** Between two looks for an incident to take, or whether one may be closed, ms. */
const LOOK = 1000;
/** What is confirmed is filed within so many looks. */
const PATIENCE = 60;
/** A time long past, in which nothing else is said to have happened, ms. */
const PAST = 100 * 86_400_000;
/** Between two outages, and how long one lasts, ms of their own time. */
const APART = 5 * 3_600_000;
const OUTAGE = 5 * 60_000;

/** A delegate who is signed in, with codes that serve once. */
export interface Delegate {
  visitor: Visitor;
  code: () => string | undefined;
}

/** The incidents that were led. */
export interface Led {
  decided: string[];
  closed: string[];
}

/** Has a delegate take incident after incident from `next` until `over`: confirms its text, and closes it once it is filed. */
export async function leadLives(
  { visitor, code }: Delegate,
  next: () => string | undefined,
  { led, over }: { led: Led; over: AbortSignal },
): Promise<void> {
  const pause = () => setTimeout(LOOK, undefined, { signal: over }).catch(() => undefined);
  let incident: string | undefined;
  while (!over.aborted) {
    incident ??= next();
    // Typed as soon as it is read: it does not serve for long.
    const typed = incident === undefined ? undefined : code();
    if (incident === undefined || typed === undefined) {
      await pause();
      continue;
    }
    const here = `/${FACILITY}/incidents/${incident}`;
    // The text names who declares.
    await submitted(visitor, `${here}/decision`, `${here}/prise-en-charge`, {});
    await submitted(visitor, `${here}/decision`, `${here}/decision/valider`, { code: typed });
    led.decided.push(incident);
    for (let looks = 0; !closable(await visitor.get(here), here); looks++) {
      if (looks === PATIENCE) throw new Error(`${here}: not to be closed`);
      await setTimeout(LOOK);
    }
    const fields = { reason: "Tout est rétabli, la résolution est annoncée.", sans_avis: "oui" };
    await submitted(visitor, here, `${here}/clore`, fields);
    led.closed.push(incident);
    incident = undefined;
  }
}

/** Sends a form that must be taken. */
async function submitted(visitor: Visitor, ...form: Parameters<Visitor["submit"]>): Promise<void> {
  const { status } = await visitor.submit(...form);
  if (status !== 303) throw new Error(`${form[1]} was answered with ${status}`);
}

/** The form is there once nothing keeps the dossier open. */
function closable(page: Fetched, here: string): boolean {
  return hiddenFields(textOf(page), `${here}/clore`).csrf !== undefined;
}

/** Sends an outage that is long over, and its end: a candidate that the machine closes by itself. */
export async function sendOutage(daemon: BenchDaemon, number: number): Promise<void> {
  const host = `s${number % 200}-soak${number}`;
  const begin = Date.now() - PAST - number * APART;
  const alert = (id: string, message: string, at: number) => ({
    ...{ event: { id: `${id}-${number}` }, host, message },
    "@timestamp": new Date(at).toISOString(),
  });
  const { status } = await post(daemon, "generic", daemon.house.tokens.generic, [
    alert("down", `Problem: Service "${host}" is not running on ${host}, severity High`, begin),
    alert("up", `Resolved: Service "${host}" is running on ${host}`, begin + OUTAGE),
  ]);
  if (status !== 202) throw new Error(`an outage was answered with ${status}`);
}
