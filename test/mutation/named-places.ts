import { readFileSync } from "node:fs";

/** Code of which no mutant may survive: `file` whole, or `file#name` for one declaration of it. */
export interface NamedPlace {
  name: string;
  code: readonly string[];
  /** The tests that have to find every mutant: small, quick, and beside the code. */
  tests: readonly string[];
  /** Mutants there are at least, so that nothing passes by reading nothing. */
  atLeast: number;
}

export const NAMED_PLACES: readonly NamedPlace[] = [
  {
    name: "transition tables",
    code: [
      "agent/core/transitions.ts",
      "agent/core/effect-transitions.ts",
      "agent/core/accompaniment.ts#ACCOMPANIMENT_TRANSITIONS",
      "agent/core/declaration.ts#DECLARATION_TRANSITIONS",
      "agent/core/delivery.ts#DELIVERY_TRANSITIONS",
      "agent/core/duty-file.ts#DUTY_TRANSITIONS",
      "agent/core/exchange.ts#EXCHANGE_TRANSITIONS",
      "agent/core/incident.ts#INCIDENT_TRANSITIONS",
      "agent/core/recommendation.ts#RECOMMENDATION_TRANSITIONS",
    ],
    tests: ["agent/core/transitions.test.ts"],
    atLeast: 140,
  },
  {
    name: "what applies them, and the decision binding",
    code: [
      "agent/stages/judge.ts#to",
      "agent/store/sql/writes.ts#effectWrites/standing",
      "agent/store/sql/writes.ts#effectWrites/claim",
      "agent/store/sql/writes.ts#effectWrites/settle",
      "agent/core/declaration.ts#sealContent",
      "agent/core/declaration.ts#contentOf",
      "agent/core/decision.ts#awaitedOf",
      "agent/core/decision.ts#begunOf",
      "agent/core/decision.ts#isText",
      "agent/core/decision.ts#isDecidedSince",
      "agent/core/decision.ts#shortFingerprint",
      "agent/core/decision.ts#isShortFingerprint",
      "agent/stages/confirm.ts",
      "agent/stages/decide/add-step.ts",
      "agent/stages/decide/check-text.ts#checkText",
      "agent/stages/decide/standing-text.ts",
      "agent/stages/decide/oral.ts#hearOral",
      "agent/stages/decide/oral.ts#checkOral",
      "agent/stages/decide/second-person.ts#setAside",
      "agent/stages/decide/second-person.ts#confirmSetAside",
      "agent/stages/decide/second-person.ts#checkSecond",
      "agent/stages/decide/second-person.ts#setAsideAs",
      "agent/stages/transmit.ts#plan",
      "agent/stages/transmit.ts#filingOf",
      "agent/stages/transmit.ts#releaseHeld",
      "agent/stages/transmit.ts#declarationOf",
    ],
    tests: [
      "agent/core/decision.test.ts",
      "agent/stages/judge.test.ts",
      "agent/stages/confirm.test.ts",
      "agent/stages/transmit.test.ts",
      "agent/stages/decide/check-text.test.ts",
      "agent/stages/decide/two-people.test.ts",
      "agent/store/sql/settle-effect.test.ts",
    ],
    atLeast: 450,
  },
  {
    name: "the journal",
    code: [
      "agent/core/journal.ts",
      "agent/store/checkpoints.ts",
      "agent/store/read-checkpoints.ts",
      "agent/store/proof.ts",
      "agent/store/sql/chain.ts",
      "agent/store/verify.ts#verifyFacility",
      "agent/store/verify.ts#erasedUntil",
      "agent/store/verify.ts#validCheckpoints",
      "agent/store/verify.ts#holds",
    ],
    tests: [
      "agent/core/journal.test.ts",
      "agent/store/proof.test.ts",
      "agent/store/read-checkpoints.test.ts",
      "agent/store/sql/chain.test.ts",
      "agent/store/verify-chain.test.ts",
      "agent/store/verify-checkpoints.test.ts",
    ],
    atLeast: 320,
  },
];

/** What Stryker is told to mutate: a file, or the lines of one declaration (`file#outer/inner`), found anew each time. */
export function rangeOf(code: string): string {
  const [file = "", path] = code.split("#");
  if (path === undefined) return file;
  const lines = readFileSync(file, "utf8").split("\n");
  let [from, until] = [0, lines.length];
  for (const name of path.split("/")) {
    const begins = new RegExp(`^( *)(export )?((async )?function\\*? |const |\\*)${name}\\b`);
    const found = lines.flatMap((line, at) => (at >= from && at < until && begins.test(line) ? at : []));
    const [first, second] = found;
    if (first === undefined || second !== undefined)
      throw new Error(`${code}: ${found.length} declarations of that name`);
    const indent = begins.exec(lines[first] as string)?.[1];
    const ends = new RegExp(`^${indent}}[,;]?$`);
    [from, until] = [first, lines.findIndex((line, at) => at > first && ends.test(line)) + 1];
  }
  return `${file}:${from + 1}-${until}`;
}
