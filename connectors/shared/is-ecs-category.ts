/** The values that ECS 8 allows in `event.category`. */
const CATEGORIES = new Set(
  (
    "api authentication configuration database driver email file host iam intrusion_detection library malware " +
    "network package process registry session threat vulnerability web"
  ).split(" "),
);

/** Says whether a product's category is one of ECS, case apart; most are its own, and stay in `fields`. */
export function isEcsCategory(value: string): boolean {
  return value.length < 24 && CATEGORIES.has(value.toLowerCase());
}
