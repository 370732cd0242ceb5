/** Longest name kept, in code points; what follows the last dot is kept before what precedes it. */
const LONGEST = 120;
const LONGEST_ENDING = 12;

/** What a file system, a header or a reader takes for something else: signs, controls, and what changes the direction. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}"<>:|?*/\\]/gu;
/** Names that Windows keeps for devices, whatever their ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Makes of a name that somebody gave a file one that can be written on a page, in a header and in a folder.
 *
 * The path goes; what is unsafe or invisible becomes `_`; nothing left is `piece`. It is never longer than 120 characters.
 */
export function safeFileName(given: string): string {
  const last = given.slice(-4096).toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const name = last
    .normalize("NFC")
    .replace(UNSAFE, "_")
    .replace(/\s/gu, " ")
    .replace(/^[. ]+/, "")
    .replace(/[. ]+$/, "");
  if (name === "") return "piece";
  const safe = DEVICE.test(name) ? `_${name}` : name;
  const points = Array.from(safe);
  if (points.length <= LONGEST) return safe;
  const dot = safe.lastIndexOf(".");
  const ending = dot < 0 ? [] : Array.from(safe.slice(dot));
  const kept = ending.length <= LONGEST_ENDING ? ending : [];
  return [...points.slice(0, LONGEST - kept.length), ...kept].join("");
}
