import type { Coverage } from "../../../rules/inspect/coverage.ts";

/** Rules named in the comment of a technique. */
const NAMED = 20;

/**
 * Makes a layer for the ATT&CK Navigator, format 4.5: a technique's score is how many rules look for it.
 *
 * Format: mitre-attack/attack-navigator, layers/LAYERFORMATv4_5.md. No ATT&CK version is stated: tags say none, and
 * the Navigator then takes the present one.
 */
export function navigatorLayer({ rules, techniques }: Coverage) {
  const most = Math.max(1, ...techniques.map((each) => each.rules.length));
  return {
    name: "Tocsin",
    versions: { navigator: "4.9.0", layer: "4.5" },
    domain: "enterprise-attack",
    description: `Techniques that ${rules} rules look for; the score is the number of rules.`,
    sorting: 3,
    layout: { layout: "side", showID: true, showName: true, expandedSubtechniques: "annotated" },
    techniques: techniques.map((each) => ({
      techniqueID: each.technique,
      score: each.rules.length,
      comment:
        each.rules.slice(0, NAMED).join(", ") +
        (each.rules.length > NAMED ? `, +${each.rules.length - NAMED}` : ""),
      enabled: true,
      showSubtechniques: techniques.some(({ technique }) => technique.startsWith(`${each.technique}.`)),
    })),
    gradient: { colors: ["#cfe8f3", "#0b5394"], minValue: 0, maxValue: most },
    legendItems: [{ label: `1 to ${most} rules`, color: "#0b5394" }],
  };
}
