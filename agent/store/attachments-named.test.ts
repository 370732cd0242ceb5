import { describe, expect, it } from "vitest";
import { attachmentsNamed } from "./attachments-named.ts";

const file = (name: string) => ({ name, type: "text/plain", size: 3, sha256: name.repeat(64).slice(0, 64) });
const entry = (type: string, content: unknown) => ({
  type,
  content: JSON.stringify({ kind: type.slice(0, -4), id: "1", revision: 1, state: null, content }),
});

describe("attachments that an entry names", () => {
  it.each([
    ["a note", "logbook.put", { attachments: [file("a"), file("b")] }, ["a", "b"]],
    ["a note without any", "logbook.put", { text: "Vu." }, []],
    ["an exchange", "exchange.put", { attachments: [file("c")] }, ["c"]],
    [
      "a delivery, what left first, then what came back",
      "delivery.put",
      {
        attempts: [{ at: 1, sent: file("d") }, { at: 2 }, { at: 3, sent: file("e") }],
        receipts: [file("f")],
      },
      ["d", "e", "f"],
    ],
    ["a delivery that nothing left with", "delivery.put", { attempts: [] }, []],
    ["a record that keeps no files", "incident.put", { attachments: [file("a")] }, []],
  ])("are those of %s", (_, type, content, names) => {
    expect(attachmentsNamed(entry(type, content)).map(({ name }) => name)).toEqual(names);
  });

  it("are not looked for in what is no record", () => {
    expect(attachmentsNamed({ type: "note.erased", content: "[]" })).toEqual([]);
  });
});
