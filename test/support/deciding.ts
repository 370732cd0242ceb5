import type { Account } from "../../agent/core/person.ts";
import type { Dossier, Proof } from "../../agent/stages/desk/desk.ts";
import type { TextSeen } from "../../agent/stages/person-act.ts";
import { NIGHT } from "./incident.ts";
import { DELETED, NOTE, openStages, type Stages, type StagesOptions } from "./pipeline.ts";

export const PROOF: Proof = { channel: "web", second_factor: "totp" };

const person = (over: Partial<Account> & Pick<Account, "id" | "name" | "role">): Account => ({
  login: over.id,
  function: "",
  email: "",
  phone: "01 23 45 67 89",
  active: true,
  created: NIGHT,
  ...over,
});
export const PAUL = person({ id: "acc-2", name: "Paul Durand", role: "director" });
export const LUC = person({ id: "acc-3", name: "Luc Petit", role: "delegate", phone: "" });
export const EVE = person({ id: "acc-4", name: "Ève Noir", role: "operator" });
export const REMI = person({ id: "acc-5", name: "Rémi Roux", role: "rssi" });
export const NINA = person({ id: "acc-6", name: "Nina Blanc", role: "auditor" });

/** An incident with a met criterion, its text, and the people of a hospital at night. */
export interface Deciding {
  stages: Stages;
  id: string;
  anne: Account;
  dossier(): Promise<Dossier>;
  text(): Promise<TextSeen>;
  /** Replaces an account on record. */
  change(account: Account, revision: number): Promise<void>;
  /** What the channels were given since the last reading, by event. */
  told(): Promise<string[]>;
}

export async function openDeciding(options: StagesOptions = {}): Promise<Deciding> {
  const stages = await openStages({ mode: "live", reach: "assisted", ...options });
  const change = async (account: Account, revision: number) => {
    const { id, role } = account;
    const record = { write: "record", kind: "account", id, revision, incident: null, state: role } as const;
    const writes = [{ ...record, content: account }];
    await stages.store.commit({ facility: "ch-exemple", at: stages.clock.now(), writes });
  };
  for (const each of [PAUL, LUC, EVE, REMI, NINA]) await change(each, 1);
  await stages.take(DELETED, NOTE);
  const [first] = await stages.desk.incidents({ limit: 1 });
  const id = first?.incident.id ?? "";
  const dossier = async () => {
    const found = await stages.desk.dossier(id);
    if (found === undefined) throw new Error("no dossier");
    return found;
  };
  stages.clock.pass(1);
  const self: Deciding = {
    stages,
    id,
    anne: stages.delegate,
    dossier,
    async text() {
      const { id: declaration = "", version = 0, sha256 = "" } = (await dossier()).current?.declaration ?? {};
      return { incident: id, declaration, version, sha256 };
    },
    change,
    async told() {
      await stages.sweeper.sweep();
      return stages.messages.splice(0).map(({ event }) => event);
    },
  };
  await self.told();
  return self;
}
