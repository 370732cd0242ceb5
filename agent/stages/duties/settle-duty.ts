import { isDuty } from "../../../rules/regimes/load-regime.ts";
import { type DutyRegime, LATE_FIELD, type RegimeClock } from "../../../rules/regimes/regime.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Proof } from "../../core/decision.ts";
import type { FormField } from "../../core/declaration.ts";
import {
  DUTY_TRANSITIONS,
  type DutyContent,
  type DutyFile,
  type DutyState,
  dutyContentOf,
} from "../../core/duty-file.ts";
import { delegationAt, mayAct, ROLES } from "../../core/person.ts";
import { move } from "../../core/transitions.ts";
import { formatInstant } from "../french.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup, Work } from "../work.ts";
import { lastDuty, writeDuty } from "./draft-duties.ts";
import type { DutyNotification, DutySeen } from "./duty-acts.ts";

/** Longest text a person may put in a field. */
const FIELD_LENGTH = 20_000;
const REFERENCE_LENGTH = 100;
const NAME_LENGTH = 200;

type Told = { setup: Setup; actor: Actor; now: Instant };
type Edits = readonly { id: string; value: string | null; unknown: boolean }[];

/** The pack of a duty that has a text of its own; undefined for any other. */
export function dutyRegimeOf(setup: Pick<Setup, "regimes">, id: string): DutyRegime | undefined {
  const regime = setup.regimes.find((each) => each.id === id);
  return regime !== undefined && isDuty(regime) ? regime : undefined;
}

/** True of who may approve the text of a duty at this instant: the roles that its pack names. */
export function mayApprove(
  actor: Actor,
  { approvers }: Pick<DutyRegime, "approvers">,
  now: Instant,
): boolean {
  return (
    mayAct(actor, "approve_duty") &&
    approvers.some((role) => role === actor.role) &&
    delegationAt(actor, now) !== "lapsed"
  );
}

/** The clocks of a duty that run and that the next notification meets. */
export function clocksToMeet(
  { duties, deadlines }: Pick<Work, "duties" | "deadlines">,
  regime: DutyRegime,
): Deadline[] {
  const stage = duties.filter((each) => each.regime === regime.id && each.state === "notified").length + 1;
  const staged = regime.clocks.filter((clock: RegimeClock) => clock.stage <= stage);
  return deadlines.filter(
    (each) =>
      each.regime === regime.id &&
      each.met === null &&
      each.void !== true &&
      staged.some(({ id }) => each.id.endsWith(`/${regime.id}/${id}`)),
  );
}

/** The clock that had run out at an instant, the first one. */
export function overdue(clocks: readonly Deadline[], at: Instant): Deadline | undefined {
  return clocks.filter(({ due }) => due !== null && due < at).sort((a, b) => (a.due ?? 0) - (b.due ?? 0))[0];
}

/** What a text says of why it comes late; undefined when it says nothing. */
export function lateReasonIn({ sections }: Pick<DutyContent, "sections">): string | undefined {
  const field = sections.flatMap(({ fields }) => fields).find(({ id }) => id === LATE_FIELD);
  return field?.value?.trim() || undefined;
}

const UNKNOWN = refuse("unknown_duty", "Aucun texte de cette obligation n'est préparé pour cet incident.");
const MERGED = refuse("over", "Cet incident est réuni à un autre : l'obligation se suit dans l'autre.");

/** The draft that was seen, with its pack; else why not. */
function standing(
  work: Work,
  { regime: id, version, sha256 }: Omit<DutySeen, "incident">,
  setup: Setup,
): { regime: DutyRegime; file: DutyFile } | Refused {
  const regime = dutyRegimeOf(setup, id);
  const file = lastDuty(work, id);
  if (regime === undefined || file === undefined) return UNKNOWN;
  if (work.incident.state === "merged") return MERGED;
  if (file.version !== version || file.sha256 !== sha256)
    return refuse(
      "stale",
      `Le texte a changé pendant votre lecture : vous aviez la version ${version} (${sha256.slice(0, 6)}), voici la version ${file.version} (${file.sha256.slice(0, 6)}). Relisez-la.`,
    );
  if (file.state !== "draft")
    return refuse("already_decided", "Cette version a déjà fait l'objet d'une décision.");
  return { regime, file };
}

/** Writes what a person put in fields of the draft. */
export function amendDuty(
  work: Work,
  { text, fields }: { text: Omit<DutySeen, "incident">; fields: Edits },
  { setup, actor, now }: Told,
): { outcome: "amended" } | Refused {
  const found = standing(work, text, setup);
  if ("outcome" in found) return found;
  const { regime } = found;
  const known = new Map(regime.form.sections.flatMap((each) => each.fields).map((each) => [each.id, each]));
  for (const { id, value } of fields) {
    const field = known.get(id);
    if (field === undefined || (value?.length ?? 0) > FIELD_LENGTH)
      return refuse("bad_field", `Le champ « ${id.slice(0, 60)} » est inconnu ou trop long.`);
    if (field.fixed)
      return refuse(
        "field_fixed",
        `« ${field.label} » ne se modifie pas ici : un réglage ou un autre acte le fixe.`,
      );
    const { choices } = field;
    if (choices === undefined || value === null) continue;
    const chosen = field.several ? value.split("; ") : [value];
    if (chosen.some((each) => !choices.includes(each)))
      return refuse("bad_choice", `« ${field.label} » se choisit dans sa liste.`);
  }
  const provenance: FormField["provenance"] = { by: "person", name: actor.name, at: now };
  const edits = new Map(fields.map(({ id, value, unknown }) => [id, { value, unknown, provenance }]));
  writeDuty(work, setup, { regime, now, edits });
  return { outcome: "amended" };
}

/** Approves the exact text that was seen; a late one only with its reasons in it, and never one whose clock is to be settled. */
export function approveDuty(
  work: Work,
  text: Omit<DutySeen, "incident">,
  { setup, actor, now, proof }: Told & { proof: Proof },
): { outcome: "approved" } | Refused {
  const found = standing(work, text, setup);
  if ("outcome" in found) return found;
  const { regime, file } = found;
  const wrong = notApprover(actor, regime, now);
  if (wrong !== undefined) return wrong;
  const clocks = clocksToMeet(work, regime);
  if (clocks.some(({ settled_by }) => settled_by !== undefined))
    return refuse(
      "clock_proposed",
      "Fixez d'abord depuis quand le délai compte, avec la raison : l'instant de ce texte n'est que proposé.",
    );
  const late = overdue(clocks, now);
  if (late !== undefined && badReason(lateReasonIn(dutyContentOf(file)) ?? "") !== undefined)
    return refuse(
      "late_reason_missing",
      `Le délai est passé depuis le ${formatInstant(late.due ?? 0, setup.facility.time_zone)} : écrivez d'abord les motifs du retard dans le texte.`,
    );
  const by = { account: actor.id, name: actor.name };
  decide(work, file, "approved", { by, how: proof, at: now, reason: null });
  return { outcome: "approved" };
}

/** Decides that nothing is notified, with the reasons, which the record and the register keep. */
export function leaveUnnotified(
  work: Work,
  { text, reason: given }: { text: Omit<DutySeen, "incident">; reason: string },
  { setup, actor, now, proof }: Told & { proof: Proof },
): { outcome: "not_notified" } | Refused {
  const found = standing(work, text, setup);
  if ("outcome" in found) return found;
  const { regime, file } = found;
  const reason = given.trim();
  const wrong = notApprover(actor, regime, now) ?? badReason(reason);
  if (wrong !== undefined) return wrong;
  const by = { account: actor.id, name: actor.name };
  meet(work, clocksToMeet(work, regime), now);
  decide(work, file, "not_notified", { by, how: proof, at: now, reason });
  return { outcome: "not_notified" };
}

/** Records what a person notified: it meets the clocks of this duty, and asks why when it is late. */
export function recordNotification(
  work: Work,
  { regime: id, version, ...given }: Omit<DutyNotification, "incident">,
  { setup, actor, now, receipts = [] }: Told & { receipts?: NonNullable<DutyFile["notified"]>["receipts"] },
): { outcome: "notified" } | Refused {
  const regime = dutyRegimeOf(setup, id);
  const file = work.duties.find((each) => each.regime === id && each.version === version);
  if (regime === undefined || file === undefined) return UNKNOWN;
  if (work.incident.state === "merged") return MERGED;
  if (file.state !== "approved" || file.decision === undefined)
    return refuse("not_approved", "Seul un texte validé, et pas encore notifié, se note comme notifié.");
  const [where, reference, by, late] = [given.where, given.reference, given.by, given.late].map((each) =>
    each.trim(),
  ) as [string, string, string, string];
  if (where === "" || where.length > NAME_LENGTH)
    return refuse("where_missing", "Dites auprès de qui et par quelle voie, en 200 caractères au plus.");
  if (by === "" || by.length > NAME_LENGTH)
    return refuse("by_missing", "Dites qui a notifié, en 200 caractères au plus.");
  if (reference.length > REFERENCE_LENGTH)
    return refuse("bad_reference", `La référence compte ${REFERENCE_LENGTH} caractères au plus.`);
  const { at } = given;
  const odd = impossible(at, now, setup.facility.time_zone);
  if (odd !== undefined) return odd;
  // Hours are typed to the minute.
  if (at < file.decision.at - MICROSECONDS.minute)
    return refuse("before_approval", "Cet instant est avant la validation de ce texte : vérifiez l'heure.");
  const clocks = clocksToMeet(work, regime);
  const missed = overdue(clocks, at);
  const told = lateReasonIn(dutyContentOf(file)) !== undefined;
  if (missed !== undefined && !told && badReason(late) !== undefined)
    return refuse(
      "late_reason_missing",
      `Le délai était passé le ${formatInstant(missed.due ?? 0, setup.facility.time_zone)} : dites pourquoi (10 caractères au moins).`,
    );
  const notified: NonNullable<DutyFile["notified"]> = {
    at,
    where,
    reference,
    by,
    writer: { account: actor.id, name: actor.name },
    recorded: now,
    ...(missed !== undefined && late !== "" && { late }),
    ...(receipts.length > 0 && { receipts }),
  };
  meet(work, clocks, at);
  replace(work, { ...file, state: moved(file, "notified"), notified });
  return { outcome: "notified" };
}

/** Starts the next version, for what is to be added though no fact has changed. */
export function nextDuty(
  work: Work,
  id: string,
  { setup, now }: Pick<Told, "setup" | "now">,
): { outcome: "begun" } | Refused {
  const regime = dutyRegimeOf(setup, id);
  const last = lastDuty(work, id);
  if (regime === undefined || last === undefined) return UNKNOWN;
  if (work.incident.state === "merged") return MERGED;
  if (last.state === "draft")
    return refuse("already_drafted", "Une version est déjà en préparation : complétez-la.");
  writeDuty(work, setup, { regime, now, again: true });
  return { outcome: "begun" };
}

function notApprover(actor: Actor, regime: DutyRegime, now: Instant): Refused | undefined {
  if (mayApprove(actor, regime, now)) return undefined;
  const roles = regime.approvers.map((role) => ROLES[role].toLowerCase()).join(" ; ");
  return refuse("not_allowed", `Ce texte est validé par : ${roles}.`);
}

/** What was approved and not notified is replaced by what is approved after it. */
function decide(
  work: Work,
  file: DutyFile,
  state: "approved" | "not_notified",
  decision: NonNullable<DutyFile["decision"]>,
): void {
  for (const each of work.duties)
    if (each.regime === file.regime && each.state === "approved")
      replace(work, { ...each, state: moved(each, "replaced") });
  replace(work, { ...file, state: moved(file, state), decision });
}

function moved(file: DutyFile, state: DutyState): DutyState {
  return move(DUTY_TRANSITIONS, file.state, state);
}

function replace(work: Work, file: DutyFile): void {
  work.duties = work.duties.map((each) =>
    each.regime === file.regime && each.version === file.version ? file : each,
  );
}

function meet(work: Work, clocks: readonly Deadline[], at: Instant): void {
  const ids = new Set(clocks.map(({ id }) => id));
  work.deadlines = work.deadlines.map((each) => (ids.has(each.id) ? { ...each, met: at } : each));
}
