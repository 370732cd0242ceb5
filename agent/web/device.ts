const BROWSERS = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["FxiOS/", "Firefox"],
  ["CriOS/", "Chrome"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const MACHINES = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS X", "Mac"],
  ["Linux", "Linux"],
] as const;

/** What a browser calls itself, in words a person recognises: `Firefox (Android)`. */
export function deviceOf(userAgent: string | undefined): string {
  const said = (userAgent ?? "").slice(0, 500);
  const find = (names: readonly (readonly [string, string])[]) =>
    names.find(([sign]) => said.includes(sign))?.[1];
  return `${find(BROWSERS) ?? "Navigateur"} (${find(MACHINES) ?? "appareil inconnu"})`;
}
