import { TOTP } from "otpauth";
import { systemClock } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { stateFiles } from "../../agent/setup.ts";
import { loadSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { createAccount } from "../../agent/web/accounts.ts";
import { loadConfig } from "../../config/load.ts";
import type { Means } from "../bench/signed-in.ts";
import { FACILITY, type House } from "../support/daemon.ts";

/** The time that a one-time code serves for, ms. */
const PERIOD = 30_000;

/** Gives a house so many delegates more. */
export async function employDelegates(house: House, amount: number): Promise<Means[]> {
  const { loaded } = loadConfig(house.config);
  if (loaded === undefined) throw new Error("the configuration of the house does not load");
  const files = stateFiles(loaded.stateDirectory);
  const clock = systemClock;
  const store = openSqlite({ file: files.database, signingKey: loadSigningKey(files.signingKey), clock });
  const newId = uuidv7(clock);
  const parts = { store, clock, newId, facility: { id: FACILITY, name: "CH Exemple" } };
  try {
    const means: Means[] = [];
    for (let i = 0; i < amount; i++) {
      const [login, password] = [`garde.${i}`, `mot de passe de garde ${i}`];
      const contact = { function: "Administrateur de garde", email: "", phone: "" };
      const person = { login, name: `Garde ${i}`, role: "delegate" as const, password, ...contact };
      means.push({ login, password, totp: (await createAccount(parts, person)).totp });
    }
    return means;
  } finally {
    await store.close();
  }
}

/** The codes of an application, each once: the present one or the next, which are taken; undefined when both served. */
export function codesOf({ totp }: Means): () => string | undefined {
  const application = new TOTP({ secret: totp });
  let last = 0;
  return () => {
    const now = Math.floor(systemClock.now() / 1000 / PERIOD);
    const step = Math.max(now, last + 1);
    if (step > now + 1) return undefined;
    last = step;
    return application.generate({ timestamp: step * PERIOD });
  };
}
