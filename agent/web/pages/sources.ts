import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { HouseView, SourceView, TriedRecord } from "../../core/house-view.ts";
import type { Masks } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { QuarantineEntry, Store } from "../../store/store.ts";
import { readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { refusedWords } from "../refused-words.ts";
import { boundedText, visibleText } from "../visible-text.ts";

/** Refused records read, and those shown of one source. */
const READ = 200;
const SHOWN = 3;
const SAMPLE = 300;
/** Bytes of a message that is tried, and characters of a value and of a skeleton that are shown. */
const TRIED = 64 * 1024;
const VALUE = 500;
const SKELETON = 100_000;

/** A message to try: as it was pasted, or the mark of one that was not understood. */
const TryForm = z.object({
  text: z.string().default(""),
  source: z.string().max(200).default(""),
  mark: z.string().max(64).default(""),
});

/** "Sources": what arrives, what is silent, what nobody understands; and how a message would be read. */
export function sourcesPage(parts: {
  store: Store;
  gate: Gate;
  house: HouseView;
  facility: string;
  masks: Masks;
}): Router {
  const { store, gate, house, facility, masks } = parts;
  const shown = (text: string, limit = SAMPLE) =>
    boundedText(visibleText(masks.text(text, { incident: null, limit })), limit).text;
  const router = Router({ mergeParams: true });
  router.get("/sources", async (request, response) => {
    const person = personWho(response, "read");
    const [sources, quarantine] = await Promise.all([
      house.sources(),
      store.reads.quarantine(facility, READ),
    ]);
    const samples = Map.groupBy(quarantine, ({ source }) => source);
    const rows = sources.map((source) => ({
      ...source,
      ...statusOf(source),
      understood: source.understood
        .slice(0, SHOWN)
        .map(({ at, reader, sample }) => ({ at, reader: shown(reader), sample: shown(sample) })),
      samples: (samples.get(source.id) ?? []).slice(0, SHOWN).map((entry) => ({
        ...{ at: entry.received, code: entry.code },
        because: refusedWords(entry.code, shown(entry.message)),
        message: shown(entry.message),
        sample: shown(entry.sample),
        mark: entry.sample === "" ? null : markOf(entry),
      })),
    }));
    gate.render(request, response, {
      view: "sources",
      title: "Sources",
      model: {
        ...{ rows: rows.sort((a, b) => a.order - b.order), started: house.started },
        ...{ mayTry: mayAct(person, "answer"), ids: sources.map(({ id }) => id), typed: NOTHING },
      },
    });
  });

  // Nothing is kept of it: a form only because what is pasted is too long, and too private, for an address.
  router.post("/sources/essai", async (request, response) => {
    personWho(response, "answer");
    const { text, source, mark } = readForm(request, TryForm);
    const ids = (await house.sources()).map(({ id }) => id);
    const typed = { text, source };
    const show = (status: number, told: { trouble: string | null; tried: TriedRecord | null }) =>
      showTried(request, response, { status, ...told, ids, typed });
    const refuse = (status: number, trouble: string) => show(status, { trouble, tried: null });
    if (mark !== "") {
      const entry = (await store.reads.quarantine(facility, READ)).find((each) => markOf(each) === mark);
      if (entry === undefined)
        return refuse(409, "Ce message n’est plus parmi les derniers non compris : collez-en un autre.");
      const asked = { text: entry.sample, source: ids.includes(entry.source) ? entry.source : null };
      return show(200, { trouble: null, tried: await house.tryRecord(asked) });
    }
    if (text.trim() === "") return refuse(422, "Collez un message à essayer.");
    if (Buffer.byteLength(text) > TRIED)
      return refuse(422, "Ce message dépasse 64 Kio : gardez-en les premières lignes.");
    if (source !== "" && !ids.includes(source))
      return refuse(422, "Cette source n’est plus dans la configuration : choisissez-en une autre.");
    const tried = await house.tryRecord({ text, source: source === "" ? null : source });
    return show(200, { trouble: null, tried });
  });

  function showTried(
    request: Request,
    response: Response,
    told: {
      status: number;
      trouble: string | null;
      tried: TriedRecord | null;
      ids: readonly string[];
      typed: { text: string; source: string };
    },
  ): void {
    const { status, tried, ...rest } = told;
    gate.render(request, response, {
      view: "tried",
      title: "Essai d’un message",
      status,
      model: {
        ...rest,
        verdict: tried === null ? "" : verdictOf(tried),
        tried: tried === null ? null : visibleTried(tried),
      },
    });
  }

  /** What was tried as a page may show it: masked, bounded, nothing unseen in it. */
  function visibleTried(tried: TriedRecord) {
    const each = ({ name, value }: { name: string; value: string }) => ({
      name: shown(name),
      value: shown(value, VALUE),
    });
    const { format, error, skeleton } = tried;
    const told = ({ code, message }: { code: string; message: string }) => ({
      ...{ code: shown(code), message: shown(message, VALUE) },
      because: refusedWords(code, shown(message, VALUE)),
    });
    return {
      ...tried,
      format: format === null ? null : { ...format, percent: Math.round(format.certainty * 100) },
      within: tried.within.map((name) => shown(name)),
      error: error && told(error),
      fields: tried.fields.map(each),
      left: tried.left.map(each),
      rules: tried.rules.map(({ title }) => ({ title: shown(title) })),
      skeleton:
        skeleton === null || "problem" in skeleton
          ? skeleton && { problem: told(skeleton.problem) }
          : {
              yaml: shown(skeleton.yaml, SKELETON),
              remarks: skeleton.remarks.map((remark) => shown(remark)),
            },
    };
  }
  return router;
}

const NOTHING = { text: "", source: "" };

/** Names a message that was not understood: it has no number, and its text stays here. */
function markOf({ source, received, sample }: QuarantineEntry): string {
  return sha256Hex(JSON.stringify([source, received, sample])).slice(0, 32);
}

/** How a message was read, in words. */
function verdictOf({ error, recognised, mapping }: TriedRecord): string {
  if (error !== null) return "Refusé à la lecture";
  if (!recognised) return "Aucun format ne le reconnaît";
  return mapping === null ? "Format reconnu, produit inconnu" : "Format et produit reconnus";
}

/** What there is to say of a source first, in words and by a sign; what wants somebody comes before what is well. */
function statusOf(source: SourceView): {
  order: number;
  tone: "alarm" | "ask" | "done" | "calm";
  status: string;
} {
  if (source.silent) return { order: 0, tone: "alarm", status: "Source muette" };
  if (source.lostLastHour > 0)
    return { order: 0, tone: "alarm", status: "Des messages se sont perdus depuis moins d’une heure" };
  if (source.refused > 0 || source.unrecognised > 0)
    return { order: 1, tone: "ask", status: "Des messages ne sont pas compris" };
  if (source.lastSeen === null) return { order: 2, tone: "ask", status: "Rien reçu depuis le démarrage" };
  return { order: 3, tone: "done", status: "Reçue" };
}
