import { CAUSES, type Cause, type DetectionRule } from "../../agent/core/detection.ts";
import { TACTICS } from "./check-metadata.ts";

/** Classes of the RSIT, version 1003, with their types. */
const RSIT: Readonly<Record<string, readonly string[]>> = {
  "abusive-content": ["spam", "harmful-speech", "violence"],
  "malicious-code": ["infected-system", "c2-server", "malware-distribution", "malware-configuration"],
  "information-gathering": ["scanner", "sniffing", "social-engineering"],
  "intrusion-attempts": ["ids-alert", "brute-force", "exploit"],
  intrusions: [
    "privileged-account-compromise",
    "unprivileged-account-compromise",
    "application-compromise",
    "system-compromise",
    "burglary",
  ],
  availability: ["dos", "ddos", "misconfiguration", "sabotage", "outage"],
  "information-content-security": [
    "unauthorised-information-access",
    "unauthorised-information-modification",
    "data-loss",
    "data-leak",
  ],
  fraud: ["unauthorised-use-of-resources", "copyright", "masquerade", "phishing"],
  vulnerable: [
    "weak-crypto",
    "ddos-amplifier",
    "potentially-unwanted-accessible",
    "information-disclosure",
    "vulnerable-system",
  ],
  other: [],
  test: [],
};

/** What a set of rules looks for; rules are named by their name, or else their id. */
export interface Coverage {
  rules: number;
  /** By technique or sub-technique (`T1059.001`), in order. */
  techniques: { technique: string; tactics: string[]; rules: string[] }[];
  tactics: { tactic: string; techniques: number; rules: number }[];
  /** Every category of cause, those that no rule has included. */
  causes: { cause: Cause; label: string; malicious: boolean; rules: string[] }[];
  /** Every class, those that no rule has included. */
  rsit: { class: string; types: { type: string; rules: string[] }[]; rules: number }[];
  /** Rules that say nothing of a technique, and nothing of what they mean. */
  without: { technique: number; meaning: number };
}

/** Tells what rules look for: ATT&CK by their tags, categories of cause and RSIT classes by their meaning. */
export function coverageOf(rules: readonly DetectionRule[]): Coverage {
  const nameOf = (rule: DetectionRule) => rule.name ?? rule.id;
  const techniques = new Map<string, { tactics: Set<string>; rules: string[] }>();
  const tactics = new Map<string, { techniques: Set<string>; rules: number }>();
  for (const rule of rules) {
    const own = attackOf(rule);
    for (const technique of own.techniques) {
      const known = techniques.get(technique) ?? { tactics: new Set(), rules: [] };
      known.rules.push(nameOf(rule));
      // A technique belongs to several tactics; only where a rule has one of each is it told which.
      for (const tactic of own.tactics) known.tactics.add(tactic);
      techniques.set(technique, known);
    }
    for (const tactic of own.tactics) {
      const known = tactics.get(tactic) ?? { techniques: new Set(), rules: 0 };
      known.rules++;
      for (const technique of own.techniques) known.techniques.add(technique);
      tactics.set(tactic, known);
    }
  }
  const having = (holds: (rule: DetectionRule) => boolean) => rules.filter(holds).map(nameOf);
  return {
    rules: rules.length,
    techniques: [...techniques]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([technique, known]) => ({ technique, tactics: [...known.tactics].sort(), rules: known.rules })),
    tactics: TACTICS.flatMap((tactic) => {
      const known = tactics.get(tactic);
      return known === undefined ? [] : [{ tactic, techniques: known.techniques.size, rules: known.rules }];
    }),
    causes: (Object.keys(CAUSES) as Cause[]).map((cause) => ({
      cause,
      label: CAUSES[cause].label,
      malicious: CAUSES[cause].malicious,
      rules: having(({ meaning }) => meaning?.cause === cause),
    })),
    rsit: classesOf(rules, having),
    without: {
      technique: rules.filter((rule) => attackOf(rule).techniques.length === 0).length,
      meaning: rules.filter(({ meaning }) => meaning === undefined).length,
    },
  };
}

function attackOf({ tags }: DetectionRule): { techniques: string[]; tactics: string[] } {
  const names = [...new Set(tags.map((tag) => tag.toLowerCase()))]
    .filter((tag) => tag.startsWith("attack."))
    .map((tag) => tag.slice("attack.".length));
  return {
    techniques: names.filter((name) => /^t\d{4}(\.\d{3})?$/.test(name)).map((name) => name.toUpperCase()),
    // Tags were once spelt with an underscore.
    tactics: names
      .map((name) => name.replaceAll("_", "-"))
      .filter((name) => (TACTICS as readonly string[]).includes(name)),
  };
}

function classesOf(
  rules: readonly DetectionRule[],
  having: (holds: (rule: DetectionRule) => boolean) => string[],
): Coverage["rsit"] {
  const used = rules.flatMap(({ meaning }) => (meaning?.rsit === undefined ? [] : [meaning.rsit.split("/")]));
  const names = new Set([...Object.keys(RSIT), ...used.map(([name = ""]) => name)]);
  return [...names].map((name) => {
    const types = new Set([
      ...((Object.hasOwn(RSIT, name) ? RSIT[name] : undefined) ?? []),
      ...used.flatMap(([of, type]) => (of === name && type !== undefined ? [type] : [])),
    ]);
    return {
      class: name,
      types: [...types].map((type) => ({
        type,
        rules: having(({ meaning }) => meaning?.rsit === `${name}/${type}`),
      })),
      rules: used.filter(([of]) => of === name).length,
    };
  });
}
