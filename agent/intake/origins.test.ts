import { expect, it } from "vitest";
import type { LoadedRule } from "../../rules/engine/rule.ts";
import type { Alert } from "../core/alert.ts";
import { openOrigins } from "./origins.ts";

const rule = (id: string, logsource: LoadedRule["logsource"]) => ({
  rule: { id, title: id } as LoadedRule["rule"],
  logsource,
});
const RULES = [
  rule("any", { category: "alert" }),
  rule("windows", { product: "windows", service: "security" }),
  rule("cloud", { product: "aws", service: "cloudtrail" }),
];
const alert = (fields: object) => fields as Alert;
const WINDOWS = alert({
  message: "",
  winlog: { channel: "Security" },
  event: { module: "windows", dataset: "windows.security" },
});

it.each([
  { what: "nothing", heard: [], unfed: ["any", "windows", "cloud"] },
  { what: "an alert of no product", heard: [alert({ message: "" })], unfed: ["windows", "cloud"] },
  { what: "Windows", heard: [WINDOWS], unfed: ["cloud"] },
])("names the rules whose log source nothing came of, once $what was heard", ({ heard, unfed }) => {
  const origins = openOrigins();
  for (const each of heard) origins.note(each);
  const found = origins.unfed(RULES);
  expect(found.rules.map(({ id }) => id)).toEqual(unfed);
  expect(found).toMatchObject({ count: unfed.length, of: RULES.length });
});
