import { Router } from "express";
import { DECLARATION_STATES } from "../../core/declaration.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { fieldRow } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";
import { textDiff } from "./text-diff.ts";
import { changedFields, fieldHistory, type Writing, writingsOf } from "./text-history.ts";

/** Writings of the text read back: in a storm the machine writes it anew again and again. */
const WRITINGS = 100;

/** How the text came to say what it says: every writing, the values of one field, two writings compared. */
export function historyPages(parts: { desk: Desk; store: Store; gate: Gate }): Router {
  const { desk, store, gate } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  const read = async (id: string) => {
    const dossier = await dossierOf(desk, id);
    // Under the secret of national defence the dossier has no text, and its past is not shown either.
    if (dossier.current === undefined)
      throw new PageError(404, { message: "Cet incident n'a pas de texte." });
    const entries = await store.reads.putsOf(desk.facility.id, "declaration", dossier.incident.id, WRITINGS);
    return { dossier, writings: writingsOf(entries), cut: entries.length === WRITINGS };
  };
  const frame = ({ incident }: Dossier) => ({
    reference: incident.reference,
    here: `${base}/incidents/${encodeURIComponent(incident.id)}`,
  });

  router.get("/incidents/:id/declaration/historique", async (request, response) => {
    personWho(response, "read");
    const { dossier, writings, cut } = await read(request.params.id);
    const { champ } = request.query;
    const field = dossier.current?.content.sections
      .flatMap(({ fields }) => fields)
      .find(({ id }) => id === champ);
    if (champ !== undefined && field === undefined)
      throw new PageError(404, { message: "Le texte n'a pas ce champ." });
    gate.render(request, response, {
      view: "history",
      title: `Historique du texte, incident ${dossier.incident.reference}`,
      model: {
        ...frame(dossier),
        cut,
        field: field?.label ?? null,
        values: field === undefined ? [] : fieldHistory(writings, field.id).map(valueRow),
        writings:
          field === undefined ? writings.map((each, n) => writingRow(each, writings[n - 1])).reverse() : [],
      },
    });
  });

  router.get("/incidents/:id/declaration/comparer", async (request, response) => {
    personWho(response, "read");
    const { dossier, writings, cut } = await read(request.params.id);
    const named = (entry: unknown) => writings.find((each) => String(each.entry) === entry);
    const after = request.query.a === undefined ? writings.at(-1) : named(request.query.a);
    const before = request.query.de === undefined ? writings.at(-2) : named(request.query.de);
    if (after === undefined || (before === undefined && request.query.de !== undefined))
      throw new PageError(404, { message: "Une des deux rédactions n'existe pas, ou n'est plus lisible." });
    gate.render(request, response, {
      view: "compare",
      title: `Ce qui a changé, incident ${dossier.incident.reference}`,
      model: {
        ...frame(dossier),
        cut,
        writings: writings.map((each, n) => writingRow(each, writings[n - 1])).reverse(),
        before: before === undefined ? null : writingRow(before, undefined),
        after: writingRow(after, undefined),
        changed: changedFields(before, after).map(fieldRow),
        lines: before === undefined ? [] : textDiff(before.content.text, after.content.text),
      },
    });
  });

  return router;
}

function valueRow({ field, ...rest }: ReturnType<typeof fieldHistory>[number]) {
  return { ...rest, ...fieldRow(field) };
}

/** One writing in words: what it changed, and who had to do with it. */
function writingRow(writing: Writing, before: Writing | undefined) {
  const { entry, at, declaration } = writing;
  const changed = changedFields(before, writing);
  // A person's value carries when they gave it: those given since the last writing are theirs.
  const people = changed.flatMap(({ provenance }) =>
    provenance.by === "person" && before !== undefined && provenance.at > before.at ? [provenance.name] : [],
  );
  return {
    entry,
    at,
    version: declaration.version,
    short: declaration.sha256.slice(0, 6),
    state: DECLARATION_STATES[declaration.state],
    previous: before?.entry ?? null,
    by: people.length === 0 ? "machine" : [...new Set(people)].join(", "),
    labels: changed.map(({ label }) => label),
  };
}
