import type { Account } from "../../agent/core/person.ts";
import { changeAccount } from "../../agent/web/accounts.ts";
import type { Scene } from "./web-server.ts";

/** Changes the account of one of a scene's people, by login or by id, in the record. */
export async function changePerson(scene: Scene, who: string, change: Partial<Account>): Promise<void> {
  const parts = { store: scene.store, clock: scene.clock, facility: { id: "chv" } };
  const own = await scene.store.reads.record("chv", "account", `acc-${who}`);
  const done = await changeAccount(parts, own?.content.id ?? who, (account) => ({ ...account, ...change }));
  if (done === undefined) throw new Error(`${who} was not changed`);
}
