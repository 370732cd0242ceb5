import { benchParsers } from "./parsers.ts";
import { report, reportMachine } from "./report.ts";

/** `npm run bench [-- what [names]]`: measures beside peers in one run; asserts nothing. */
const BENCHES: Readonly<Record<string, (names: readonly string[]) => Promise<void>>> = {
  parsers: async (names) => report("parser alone, one core", await benchParsers(names)),
};

const [what, ...names] = process.argv.slice(2);
const chosen = what === undefined ? Object.keys(BENCHES) : [what];
reportMachine();
for (const name of chosen) {
  const run = BENCHES[name];
  if (run === undefined) throw new Error(`no bench ${name}; one of: ${Object.keys(BENCHES).join(", ")}`);
  await run(names);
}
