/** Syslog severities 0 to 7: name, and place on the common 0–100 scale. */
export const SEVERITY_NAMES = [
  "emergency",
  "alert",
  "critical",
  "error",
  "warning",
  "notice",
  "informational",
  "debug",
] as const;
export const SEVERITY_RISKS = [100, 90, 80, 60, 40, 20, 10, 0] as const;

/** Words that products use for a severity, on the common 0–100 scale. */
const RISKS = new Map<string, number>([
  ["emergency", 100],
  ["emerg", 100],
  ["panic", 100],
  ["disaster", 100],
  ["alert", 90],
  ["very-high", 90],
  ["very high", 90],
  ["veryhigh", 90],
  ["fatal", 90],
  ["p1", 90],
  ["critical", 80],
  ["crit", 80],
  ["high", 75],
  ["severe", 75],
  ["major", 70],
  ["p2", 70],
  ["error", 60],
  ["err", 60],
  ["medium", 50],
  ["moderate", 50],
  ["average", 50],
  ["p3", 50],
  ["warning", 40],
  ["warn", 40],
  ["minor", 30],
  ["p4", 30],
  ["low", 20],
  ["notice", 20],
  ["informational", 10],
  ["information", 10],
  ["info", 10],
  ["debug", 0],
  ["trace", 0],
  ["none", 0],
]);

/** The place of a severity word on the common 0–100 scale; undefined for a word that none of them is. */
export function riskOfWord(word: string): number | undefined {
  return word.length > 16 ? undefined : RISKS.get(word.toLowerCase());
}
