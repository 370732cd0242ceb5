import type { Account } from "../../agent/core/person.ts";
import { changeAccount } from "../../agent/web/accounts.ts";
import type { Login, Scene } from "./web-server.ts";

/** Changes the account of one of a scene's people in the record. */
export async function changePerson(scene: Scene, login: Login, change: Partial<Account>): Promise<void> {
  const parts = { store: scene.store, clock: scene.clock, facility: { id: "chv" } };
  const done = await changeAccount(parts, `acc-${login}`, (account) => ({ ...account, ...change }));
  if (done === undefined) throw new Error(`${login} was not changed`);
}
