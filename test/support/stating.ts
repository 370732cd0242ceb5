import type { Fact, FactKind } from "../../agent/core/fact.ts";
import type { JournalEntry } from "../../agent/core/journal.ts";
import type { Masked } from "../../agent/core/masked.ts";
import type { Dossier, Statement } from "../../agent/stages/desk/desk.ts";
import type { Actor } from "../../agent/stages/person-act.ts";
import type { Stages } from "./pipeline.ts";

export const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
export const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
export const AUDITOR: Actor = { id: "acc-5", name: "Ana Lin", role: "auditor", active: true };
export const REASON = "Le service s'était trompé de numéro.";

/** What people state, and what a dossier shows of it, on the stages that `stages` gives. */
export function statingScene(stages: () => Stages) {
  const statement = (over: Partial<Statement> = {}): Statement => ({
    form: stages().desk.newForm(),
    kinds: ["degraded_mode"],
    systems: [],
    source: { who: "care", name: "Mme Roux, poste 1234" },
    text: "",
    ...over,
  });

  async function dossier(id: string): Promise<Masked<Dossier>> {
    const found = await stages().desk.dossier(id);
    if (found === undefined) throw new Error("no dossier");
    return found;
  }

  return {
    statement,
    dossier,
    /** Opens an incident by hand, and gives its id. */
    async opened(over: Partial<Statement> = {}, actor = OPERATOR): Promise<string> {
      const done = await stages().desk.openByHand(statement(over), actor);
      if (done.outcome !== "opened") throw new Error(done.because);
      return done.incident;
    },
    criterion: async (id: string, name: string) =>
      (await dossier(id)).qualification?.criteria.find((each) => each.id === name)?.value,
    async factOf(id: string, kind: FactKind): Promise<Fact> {
      const found = (await dossier(id)).facts.find((each) => each.kind === kind);
      if (found === undefined) throw new Error(`no ${kind}`);
      return found;
    },
    journal: async (type: string): Promise<JournalEntry[]> =>
      (await stages().store.reads.journal("ch-exemple", 1, 10_000)).filter((entry) => entry.type === type),
  };
}
