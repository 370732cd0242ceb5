import { z } from "zod";
import type { Instant } from "../../core/clock.ts";
import type { Deadline } from "../../core/deadline.ts";
import { INCIDENT_STATES, type Incident } from "../../core/incident.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { Masked, Masks } from "../../core/masked.ts";
import type { Reads } from "../../store/store.ts";
import type { Dossier } from "../desk/desk.ts";
import type { ExerciseRun } from "../exercise/exercise-runs.ts";
import { formatInstant } from "../french.ts";
import type { Debrief, DebriefDelay, DebriefIncident, DebriefLine, DebriefRemark } from "./debrief.ts";
import { judgeExpectations } from "./judge-expectations.ts";
import { type Moments, readStory, type Story } from "./read-story.ts";

/** Lines listed; detections counted by rule; incidents looked through for those of a playing. */
const MOST = { lines: 400, detections: 2000, incidents: 500 } as const;
/** Of an exercise, incidents told. */
const TOLD_INCIDENTS = 20;

/** A remark for the debrief, as the journal has it; `incident` of the entry says which, `run` for an exercise. */
export const DebriefNote = z.object({
  /** Made with the form: sent twice, it is written once. */
  form: z.string(),
  run: z.string().nullable(),
  author: z.object({ account: z.string(), name: z.string() }),
  text: z.string(),
});
export type DebriefNote = z.infer<typeof DebriefNote>;

/** What a debrief is gathered with. */
export interface DebriefParts {
  reads: Pick<Reads, "journalOf" | "journalOfHouse" | "detectionsOf" | "byState">;
  facility: { id: string; name: string; timeZone: string };
  exercise: boolean;
  dossier: (incident: string) => Promise<Dossier | undefined>;
  masks: Masks;
  systemName: (id: string) => string;
  now: Instant;
}

/** True of a dossier of which nothing may be told (secret of national defence). */
export function isWithheld({ qualification }: Pick<Dossier, "qualification">): boolean {
  return qualification?.verdict === "withheld";
}

/** Gathers the return of experience of one incident from the record. */
export async function debriefOfIncident(dossier: Dossier, parts: DebriefParts): Promise<Masked<Debrief>> {
  const told = await tellIncident(dossier, parts, { from: 0, before: Number.MAX_SAFE_INTEGER });
  const { incident } = dossier;
  return finish({
    title: `Incident ${incident.reference}`,
    told: [told],
    remarks: told.remarks,
    run: undefined,
    parts,
  });
}

/** Gathers the debrief of one playing of a scenario: what its incidents' records say, and its expectations. */
export async function debriefOfRun(run: ExerciseRun, parts: DebriefParts): Promise<Masked<Debrief>> {
  const span = { from: run.started, before: run.next ?? Number.MAX_SAFE_INTEGER };
  const found = await parts.reads.byState(parts.facility.id, "incident", [], { limit: MOST.incidents });
  const ids = found
    .filter(({ content }) => isOfSpan(content, span))
    .map(({ content }) => content.id)
    .slice(0, TOLD_INCIDENTS)
    .reverse();
  const told: ToldIncident[] = [];
  for (const id of ids) {
    const dossier = await parts.dossier(id);
    if (dossier !== undefined && !isWithheld(dossier)) told.push(await tellIncident(dossier, parts, span));
  }
  const entries = await parts.reads.journalOfHouse(parts.facility.id, {
    types: ["note.debrief"],
    from: run.started,
    before: Number.MAX_SAFE_INTEGER,
    limit: MOST.lines,
  });
  const remarks = remarksIn(entries, run.id);
  return finish({ title: run.scenario.title, told, remarks, run, parts });
}

/** True of what was opened in a span of time, or had alerts in it. */
function isOfSpan(
  { id, first_alert, last_alert, occurred }: Incident,
  span: { from: Instant; before: Instant },
) {
  // UUIDv7: its first 48 bits are the milliseconds of its making.
  const made = /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)
    ? Number.parseInt(id.replace("-", "").slice(0, 12), 16) * 1000
    : Math.max(first_alert, occurred);
  return made < span.before && (made >= span.from - 1000 || last_alert >= span.from);
}

interface ToldIncident {
  dossier: Dossier;
  incident: DebriefIncident;
  story: Story;
  remarks: DebriefRemark[];
}

async function tellIncident(
  dossier: Dossier,
  { reads, facility, masks, systemName }: DebriefParts,
  span: { from: Instant; before: Instant },
): Promise<ToldIncident> {
  const { incident, effects, qualification } = dossier;
  const named = {
    id: incident.id,
    reference: incident.reference,
    state: INCIDENT_STATES[incident.state],
    alerts: incident.alerts,
    gone: goneOf(incident, facility.timeZone),
  };
  // Its journal has the mark of the erasure and nothing else: read as a story, it would tell one that never was.
  if (incident.erased !== undefined) {
    const story: Story = { lines: [], moments: nothingKnown(), troubles: [] };
    return { dossier, incident: { ...named, sentence: null, delays: [] }, story, remarks: [] };
  }
  const entries = await reads.journalOf(facility.id, incident.id);
  const whole = readStory(entries, { reference: incident.reference, effects, systemName });
  const within = (at: Instant) => at >= span.from && at < span.before;
  const recognised = await recognisedOf(incident, reads, facility.id);
  const story: Story = masks.every(
    {
      lines: [...recognised, ...whole.lines].filter(({ at }) => within(at)),
      moments: momentsWithin(whole.moments, within),
      troubles: whole.troubles,
    },
    { incident: incident.id },
  );
  // A map is no plain data: it holds ids and instants, and no text of anybody's.
  Object.assign(story.moments, {
    facts: new Map([...whole.moments.facts].filter(([, at]) => within(at))),
    met: new Map([...whole.moments.met].filter(([, at]) => within(at))),
    answered: new Map([...whole.moments.answered].filter(([, at]) => within(at))),
  });
  return {
    dossier,
    incident: {
      ...named,
      sentence: qualification?.sentence ?? null,
      delays: delaysOf(Math.max(incident.first_alert, span.from), story.moments),
    },
    story,
    remarks: masks.every(remarksIn(entries, null), { incident: incident.id }),
  };
}

const nothingKnown = (): Moments => ({
  decisions: [],
  facts: new Map(),
  met: new Map(),
  answered: new Map(),
});

/** What of an incident a rule of conservation erased, in French. */
function goneOf({ erased, evidence_erased }: Incident, zone: string): string | null {
  const gone = erased ?? evidence_erased;
  if (gone === undefined) return null;
  const what = erased === undefined ? "Alertes effacées" : "Contenu effacé";
  return `${what} le ${formatInstant(gone.at, zone).slice(0, 10)} selon la règle « ${gone.policy} ».`;
}

function momentsWithin(moments: Moments, within: (at: Instant) => boolean): Moments {
  const kept = Object.fromEntries(
    Object.entries(moments).filter(([, value]) => typeof value !== "number" || within(value)),
  ) as unknown as Moments;
  return { ...kept, decisions: moments.decisions.filter(({ at }) => within(at)) };
}

/** What rules recognised: each rule with its first alert, and how many there were. */
async function recognisedOf(
  { id, reference }: Incident,
  reads: DebriefParts["reads"],
  facility: string,
): Promise<DebriefLine[]> {
  const found = await reads.detectionsOf(facility, id, MOST.detections);
  const byRule = Map.groupBy(found, ({ detection }) => detection.rule.id);
  return [...byRule.values()].flatMap((several) => {
    const [first] = several;
    if (first === undefined) return [];
    const { rule } = first.detection;
    const at = Math.min(...several.map(({ alert }) => alert.received));
    const sources = [...new Set(several.map(({ alert }) => alert.source))].slice(0, 3).join(", ");
    const title = rule.meaning?.title_fr ?? rule.title;
    const count = several.length === 1 ? "" : ` (${several.length} fois)`;
    return [
      {
        at,
        kind: "recognised" as const,
        text: `Alerte : ${title}${count}`,
        by: sources,
        incident: reference,
      },
    ];
  });
}

function delaysOf(first: Instant, moments: Moments): DebriefDelay[] {
  const delay = (label: string, at: Instant | undefined): DebriefDelay => ({
    label,
    at: at ?? null,
    after: at === undefined ? null : at - first,
  });
  return [
    delay("Incident ouvert", moments.opened),
    delay("Astreinte informatique prévenue", moments.onCallTold),
    delay("Constat (une personne prend note)", moments.found),
    delay("Évaluation « À déclarer »", moments.declare),
    delay("Personne déléguée prévenue", moments.delegateTold),
    delay("Premier projet de texte", moments.drafted),
    ...(moments.decisions.length === 0
      ? [delay("Décision", undefined)]
      : moments.decisions.map(({ at, label }) => delay(`Décision : ${label}`, at))),
    delay("Déclaration déposée", moments.filed),
  ];
}

function remarksIn(entries: readonly JournalEntry[], run: string | null): DebriefRemark[] {
  const forms = new Set<string>();
  return entries.flatMap(({ type, at, content }) => {
    if (type !== "note.debrief" || content === null) return [];
    const note = DebriefNote.safeParse(JSON.parse(content)).data;
    if (note === undefined || note.run !== run || forms.has(note.form)) return [];
    forms.add(note.form);
    return [{ at, author: note.author.name, text: note.text }];
  });
}

/** Puts it all together, without patients. */
function finish({
  title,
  told,
  remarks,
  run,
  parts,
}: {
  title: string;
  told: readonly ToldIncident[];
  remarks: DebriefRemark[];
  run: ExerciseRun | undefined;
  parts: DebriefParts;
}): Masked<Debrief> {
  const { now, masks } = parts;
  const labels = new Map(
    told.flatMap(({ dossier: { qualification, others } }) =>
      [...others, ...(qualification === undefined ? [] : [qualification])].flatMap(({ criteria }) =>
        criteria.map(({ id, label }): [string, string] => [id, `${label} (${id})`]),
      ),
    ),
  );
  const questions = new Map(
    told.flatMap(({ dossier: { qualification, answered } }) =>
      [...(qualification?.questions ?? []), ...answered.map(({ question }) => question)].map(
        ({ id, text }): [string, string] => [id, text],
      ),
    ),
  );
  const expectations =
    run === undefined
      ? []
      : judgeExpectations(run, {
          moments: told.map(({ story }) => story.moments),
          incidents: told.filter(({ dossier }) => dossier.incident.state !== "merged").length,
          criterion: (id) => labels.get(id) ?? id,
          question: (id) => questions.get(id) ?? id,
          erased: told.some(({ dossier }) => dossier.incident.erased !== undefined),
          now,
        });
  const lines = [...playedLines(run), ...told.flatMap(({ story }) => story.lines)].sort(
    (a, b) => a.at - b.at,
  );
  const first = lines[0]?.at ?? run?.started ?? now;
  const debrief: Debrief = {
    title,
    facility: parts.facility.name,
    exercise: parts.exercise || run !== undefined,
    from: Math.min(first, run?.started ?? first),
    until: lines.at(-1)?.at ?? run?.ended ?? now,
    incidents: told.map(({ incident }) => incident),
    lines: lines.slice(0, MOST.lines),
    more: Math.max(0, lines.length - MOST.lines),
    expectations,
    missed: missedOf(told, now),
    remarks,
    run:
      run === undefined
        ? null
        : {
            id: run.id,
            summary: run.scenario.summary,
            speed: run.speed,
            started: run.started,
            ended: run.ended,
            whole: run.whole,
            records: run.records,
          },
  };
  return masks.every(debrief, { incident: told.length === 1 ? (told[0]?.incident.id ?? null) : null });
}

function playedLines(run: ExerciseRun | undefined): DebriefLine[] {
  return (run?.played ?? []).map((each) =>
    each.kind === "sent"
      ? { at: each.at, kind: "played", text: each.say, by: null, incident: null }
      : { at: each.at, kind: "told", text: each.text, by: each.to, incident: null },
  );
}

/** What the record shows was not done, whatever a scenario expected. */
function missedOf(told: readonly ToldIncident[], now: Instant): string[] {
  return told.flatMap(({ dossier, story }) => {
    const { incident, qualification, deadlines } = dossier;
    if (incident.erased !== undefined) return [];
    const of = told.length === 1 ? "" : `${incident.reference} : `;
    const open = incident.state !== "candidate" && incident.state !== "merged";
    const unknown = (qualification?.criteria ?? []).filter(
      ({ legal, value }) => legal && value === "unknown",
    );
    return [
      ...(open && incident.found === null ? ["Personne n’a pris note (pas de constat)."] : []),
      ...(incident.state === "in_review" && dossier.decisions.length === 0
        ? ["Une décision était attendue, et aucune n’est prise."]
        : []),
      ...(incident.state === "approved" ? ["Texte validé, et pas encore déposé."] : []),
      ...unknown.map(({ label }) => `Resté à déterminer : ${label}.`),
      ...deadlines.flatMap((each) => lateWords(each, now)),
      ...new Set(story.troubles),
    ].map((words) => `${of}${words}`);
  });
}

function lateWords({ label, due, met, void: gone, settled_by }: Deadline, now: Instant): string[] {
  // What a person has to settle first is only proposed: nothing was missed yet.
  if (gone === true || due === null || settled_by !== undefined || (met ?? now) <= due) return [];
  return [met === null ? `Échéance dépassée : ${label}.` : `Échéance tenue en retard : ${label}.`];
}
