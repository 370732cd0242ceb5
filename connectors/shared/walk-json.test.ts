import { expect, it } from "vitest";
import { newDraft } from "./draft.ts";
import { walkJson } from "./walk-json.ts";

const CONTEXT = { received: 0, zone: "UTC" };
const walk = walkJson<never, undefined>({ ecs: true, roleOf: () => undefined, found: () => false });

function read(document: Record<string, unknown>) {
  const draft = newDraft("", "test", "test");
  walk(draft, document, CONTEXT, undefined);
  return { name: draft.alert.host?.name, fields: { ...draft.fields }, cut: draft.cut };
}

it("reads documents alike whatever came before them, in whatever order their names come", () => {
  const long = "n".repeat(300);
  const documents = [
    { a: 1, host: { name: "h", x: 2 }, b: { c: 3 } },
    { b: { c: 3 }, host: { x: 2, name: "h" }, a: 1 },
    { a: { name: "no host" }, host: "text", b: 1 },
    { host: { name: "h" } },
    { [long]: { name: 1 }, a: 1 },
    { "host.name": "dotted", a: [1, { b: 2 }] },
  ];
  const fresh = documents.map((document) => read(document));
  expect(fresh.map(({ name }) => name)).toEqual(["h", "h", undefined, "h", undefined, "dotted"]);
  expect(fresh[2]?.fields).toEqual({ "a.name": "no host", host: "text", b: 1 });
  for (const first of documents) {
    for (const [at, second] of documents.entries()) {
      read(first);
      expect(read(second)).toEqual(fresh[at]);
    }
  }
});
