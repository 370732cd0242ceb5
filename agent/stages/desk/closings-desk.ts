import { canonicalJson } from "../../core/canonical-json.ts";
import type { Closing, SignOff } from "../../core/closing.ts";
import { mayAct } from "../../core/person.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Store } from "../../store/store.ts";
import { close } from "../close-candidates.ts";
import { monthOf } from "../french.ts";
import { type ActOn, badReason, refuse } from "../person-act.ts";
import { unsignedMonths } from "../remind-sign-off.ts";
import type { Setup } from "../work.ts";
import { closeDossier, openAgain } from "./close-dossier.ts";
import type { ClosingsDesk } from "./desk.ts";
import { NOT_ALLOWED } from "./facts-desk.ts";

/** Records read at once. */
const PAGE = 500;

/** Builds the part of the desk about candidates closed without a declaration. */
export function closingsDesk(parts: {
  store: Store;
  setup: Setup;
  now: () => number;
  actOn: ActOn;
  planned: () => void;
}): ClosingsDesk {
  const { store, setup, actOn } = parts;
  const facility = setup.facility.id;
  const thisMonth = () => monthOf(parts.now(), setup.facility.time_zone);

  /** Every record of a kind in a month, oldest first. */
  async function ofMonth<K extends "closing" | "sign_off">(kind: K, month: string) {
    const found: (K extends "closing" ? Closing : SignOff)[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.reads.byState(facility, kind, [month], { limit: PAGE, after });
      found.push(...page.map(({ content }) => content as (typeof found)[number]));
      after = found.at(-1)?.id;
      if (page.length < PAGE) return found.reverse();
    }
  }

  const listOf = async (month: string) => {
    const closings = await ofMonth("closing", month);
    return { closings, sha256: fingerprintOf(closings), over: month < thisMonth() };
  };

  return {
    thisMonth,

    async closings(month) {
      const list = { month, ...(await listOf(month)), signed: await ofMonth("sign_off", month) };
      const closings = list.closings.map((each) => setup.masks.every(each, { incident: each.incident }));
      return { ...setup.masks.every({ ...list, closings: [] }, { incident: null }), closings };
    },

    unsignedMonths: () =>
      unsignedMonths(store.reads, { facility, zone: setup.facility.time_zone, now: parts.now() }),

    closeByHand: ({ incident, reason: given, withoutNotice = false, falseAlarm = false }, actor) =>
      actOn(incident, actor, "edit", (work, now) => {
        const reason = given.trim();
        const wrong = badReason(reason);
        if (wrong !== undefined) return wrong;
        if (work.incident.state !== "candidate")
          return closeDossier(work, { reason, withoutNotice, falseAlarm, actor, setup, now });
        close(work, setup, { by: "person", writer: actor.name, because: reason, falseAlarm }, now);
        return { outcome: "closed" as const };
      }),

    reopen: ({ incident, reason: given }, actor) =>
      actOn(incident, actor, "sign_off", (work, now) => {
        const reason = given.trim();
        const wrong = badReason(reason);
        if (wrong !== undefined) return wrong;
        if (work.incident.state !== "closed") return refuse("not_closed", "Cet incident n'est pas clos.");
        const reopened = { at: now, writer: actor.name, reason };
        work.closings = work.closings.map((each) => (each.reopened === null ? { ...each, reopened } : each));
        openAgain(work, `Rouvert par ${actor.name} : ${reason}`);
        return { outcome: "reopened" as const };
      }),

    async signOff({ month, sha256 }, actor) {
      if (!mayAct(actor, "sign_off")) return NOT_ALLOWED;
      const list = await listOf(month);
      if (!list.over)
        return refuse("month_runs", "Ce mois n'est pas fini : sa liste se signe le mois suivant.");
      if (list.sha256 !== sha256)
        return refuse("stale", "La liste a changé pendant votre lecture : relisez-la, puis signez.");
      const id = `${month}/${sha256}`;
      const before = await store.reads.record(facility, "sign_off", id);
      const count = list.closings.filter(({ by }) => by === "machine").length;
      const signOff: SignOff = {
        id,
        month,
        sha256,
        count,
        account: actor.id,
        name: actor.name,
        at: parts.now(),
      };
      const done =
        before === undefined &&
        (await store.commit({
          facility,
          at: signOff.at,
          writes: [
            {
              write: "record",
              kind: "sign_off",
              id,
              revision: 1,
              incident: null,
              state: month,
              content: signOff,
            },
          ],
        }));
      if (done && done.outcome === "committed") return { outcome: "signed", signOff };
      const { content: first } = (await store.reads.record(facility, "sign_off", id)) ?? {};
      if (first?.account === actor.id) return { outcome: "signed", signOff: first };
      return refuse(
        "already_signed",
        `Cette liste est déjà signée par ${first?.name ?? "une autre personne"}.`,
      );
    },
  };
}

/** SHA-256 of what the machine closed: what came of it later is not part of what was signed. */
function fingerprintOf(closings: readonly Closing[]): string {
  const list = closings.filter(({ by }) => by === "machine").map(({ reopened: _, ...each }) => each);
  return sha256Hex(canonicalJson(list));
}
