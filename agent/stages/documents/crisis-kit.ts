import type { Form, Regime } from "../../../rules/regimes/regime.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { type Account, ROLES } from "../../core/person.ts";
import { onCallAt, personNamed, ROSTER_ROLES, type RosterRole, type Shift } from "../../core/roster.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads } from "../../store/store.ts";
import { OF_FACILITY } from "../form/fillers.ts";
import { regimesOf } from "../law/regimes-of.ts";
import type { Setup } from "../work.ts";

/** A paragraph of the kit: headings, lines, and lines to be written on by hand. */
export type KitLine =
  | { line: "part" | "head" | "text" | "item"; text: string }
  | { line: "blank"; text: string; rows: number };

/** What is printed for the day on which nothing works, as plain data. */
export interface CrisisKit {
  facility: string;
  exercise: boolean;
  made: Instant;
  timeZone: string;
  lines: KitLine[];
  /** SHA-256 of what it is made of: people, numbers, files of the roster, ways out, forms; not of the day. */
  fingerprint: string;
}

/** How far the roster is printed. */
const AHEAD = 30;
const MOST_PEOPLE = 500;
const MOST_SHIFTS = 400;

/** Gathers the kit: who is on call for 30 days, numbers, call sheets, an empty form for each text, how to go on. */
export async function crisisKit(given: {
  reads: Pick<Reads, "byState">;
  setup: Pick<Setup, "facility" | "mode" | "regimes" | "outbound" | "calls">;
  now: Instant;
}): Promise<CrisisKit> {
  const { reads, setup, now } = given;
  const { facility, mode } = setup;
  const stored = await reads.byState(facility.id, "account", [], { limit: MOST_PEOPLE });
  const accounts = stored.map(({ content }) => content).filter(({ active }) => active);
  const people = peopleLines(accounts);
  // The pack in force today of each duty: a former one is for former incidents.
  const { leading, others } = regimesOf(setup, { found: now, first_alert: now });
  const fixed = [
    ...people,
    ...wayLines(setup.outbound),
    ...formLines([leading, ...others], facility),
    ...resumeLines(),
  ];
  const lines = [...firstLines(), ...rosterLines(setup.calls, accounts, now, facility.time_zone), ...fixed];
  const roster = setup.calls?.rosters.current().sha256 ?? null;
  const fingerprint = sha256Hex(JSON.stringify([mode, facility.name, roster, fixed]));
  const exercise = mode === "exercise";
  return { facility: facility.name, exercise, made: now, timeZone: facility.time_zone, lines, fingerprint };
}

const part = (text: string): KitLine => ({ line: "part", text });
const head = (text: string): KitLine => ({ line: "head", text });
const text = (value: string): KitLine => ({ line: "text", text: value });
const item = (value: string): KitLine => ({ line: "item", text: value });
const blank = (value: string, rows = 1): KitLine => ({ line: "blank", text: value, rows });

function firstLines(): KitLine[] {
  return [
    part("Cette nuit"),
    item("1. Notez l'heure à laquelle vous avez su, qui vous l'a dit, et ce qui ne marche plus."),
    item("2. Appelez l'astreinte informatique, puis l'astreinte de direction (liste ci-dessous)."),
    item("3. Mettez en route le mode dégradé (papier) des services touchés ; notez l'heure."),
    item("4. Si Tocsin ne répond plus, reprenez-le sur le portable de la valise (« Reprendre », plus loin)."),
    item("5. La personne qui peut déclarer décide. La loi dit « sans délai » : on complète ensuite."),
    item("6. Écrivez chaque appel : heure, nom, fonction, ce qui a été dit, numéro donné."),
  ];
}

function rosterLines(
  calls: Setup["calls"],
  accounts: readonly Account[],
  now: Instant,
  zone: string,
): KitLine[] {
  const lines: KitLine[] = [part(`Tour de garde des ${AHEAD} jours`)];
  if (calls === undefined)
    return [...lines, text("Aucun tour de garde n'est configuré : écrivez-le ici."), blank("")];
  const book = calls.rosters.current();
  for (const role of Object.keys(ROSTER_ROLES) as RosterRole[]) {
    const until = now + AHEAD * MICROSECONDS.day;
    const shifts = book.rosters
      .filter((roster) => roster.role === role)
      .flatMap((roster) => roster.shiftsWithin(now, until))
      .filter((shift) => shift.rank > 0)
      .toSorted((a, b) => a.from - b.from || a.rank - b.rank)
      .slice(0, MOST_SHIFTS);
    lines.push(head(ROSTER_ROLES[role]));
    const first = onCallAt(book, role, now)[0];
    if (first === undefined) lines.push(text("Personne en ce moment, d'après le fichier."));
    lines.push(...shifts.map((shift) => item(shiftWords(shift, accounts, zone))));
    if (shifts.length === 0) lines.push(blank("À compléter à la main"));
  }
  return lines;
}

function shiftWords({ who, from, until, rank }: Shift, accounts: readonly Account[], zone: string): string {
  const person = personNamed(accounts, who);
  const name = person?.name ?? who;
  const phone = person?.phone || "numéro inconnu de Tocsin";
  return `${moment(from, zone)} → ${moment(until, zone)} : ${name}${rank > 1 ? " (suppléance)" : ""}, ${phone}`;
}

function moment(at: Instant, zone: string): string {
  return new Intl.DateTimeFormat("fr-FR", {
    ...{
      timeZone: zone,
      weekday: "short",
      day: "2-digit",
      month: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    },
  }).format(at / 1000);
}

function peopleLines(accounts: readonly Account[]): KitLine[] {
  const sorted = accounts.toSorted(
    (a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name, "fr"),
  );
  return [
    part("Personnes"),
    ...sorted.map(({ name, role, phone, function: work }) =>
      item(`${name}, ${work || ROLES[role]} : ${phone || "numéro inconnu de Tocsin"}`),
    ),
    blank("Autres (fournisseurs, hébergeur, GHT, assureur)"),
  ];
}

function wayLines(ways: Setup["outbound"]): KitLine[] {
  const lines: KitLine[] = [part("À qui déclarer, qui appeler")];
  for (const { id, kind, guide } of ways) {
    if (guide === undefined) continue;
    lines.push(head(guide.to || id));
    const help = kind === "help" ? "Demander de l'aide n'est pas déclarer." : undefined;
    for (const each of [guide.address, guide.phone, guide.hours, help]) if (each) lines.push(item(each));
    lines.push(...guide.steps.map((step) => item(step)));
    if (guide.source) lines.push(text(`Source : ${guide.source.text}, vérifié le ${guide.source.verified}.`));
    lines.push(blank("Heure, nom et fonction, numéro donné, ce qui a été dit"));
  }
  return lines;
}

function formLines(regimes: readonly Regime[], facility: Setup["facility"]): KitLine[] {
  const lines: KitLine[] = [];
  for (const { form, title } of regimes) {
    if (form === undefined) continue;
    lines.push(part(`Formulaire vierge – ${title}`), text(form.notice));
    for (const section of form.sections)
      lines.push(head(section.title), ...section.fields.map((field) => fieldLine(field, facility)));
  }
  return lines;
}

/** What is known stands there; what is to be told by hand has room for a sentence or two. */
function fieldLine(
  { id, label, fixed, choices }: Form["sections"][number]["fields"][number],
  facility: Setup["facility"],
): KitLine {
  const known = OF_FACILITY[id]?.(facility);
  if (known) return item(`${label} : ${known}`);
  if (choices !== undefined) return blank(`${label} (à choisir : ${choices.join(" ; ")})`);
  return blank(label, fixed || id in OF_FACILITY ? 1 : 2);
}

function resumeLines(): KitLine[] {
  return [
    part("Reprendre Tocsin sur le portable"),
    item(
      "1. Le portable de la valise, Tocsin installé, hors du réseau atteint ; la clé USB ou le partage de la valise.",
    ),
    item("2. La clé qui ouvre les copies et sa phrase secrète (deux personnes, deux endroits)."),
    item("3. tocsin resume DOSSIER-DE-LA-VALISE --to reprise --identity CLE"),
    item("4. Tapez la commande affichée, puis ouvrez http://127.0.0.1:8470 sur ce portable."),
    item(
      "5. Laissez l'ancienne machine éteinte : elle refuserait de repartir, et deux journaux n'en font pas un.",
    ),
    blank("Où sont le portable, la valise et la clé ; qui a la phrase"),
  ];
}
