import { NO_FACTORS } from "../../agent/core/person.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { NIGHT, record, samples } from "./store-samples.ts";

const CAPTURE = Buffer.from([0xff, 0, 0x0a, 1, 2, 3]);
const LETTER = Buffer.from("lettre");

/** Fills every table of a record: incidents, alerts, joins, attachments, means of people, and what was erased. */
export async function fillRecord(store: Store, facility: string): Promise<{ incident: string }> {
  const make = samples();
  const ours = { ...make.incident(), facility };
  const incident = ours.id;
  const attachments = [CAPTURE, LETTER].map((bytes, n) => ({
    ...{ name: `pièce ${n + 1}`, type: "image/png", size: bytes.length },
    sha256: sha256Hex(bytes),
  }));
  const [capture, letter] = attachments.map(({ sha256 }) => sha256) as [string, string];
  const author = { account: "a1", name: "Anne Morel" };
  const note = { id: make.newId(), incident, at: NIGHT, about: NIGHT, author, text: "Vu.", attachments };
  const old = make.alert({ eventId: "of old" });
  const { declaration, decision, delivery } = make.declared(incident);
  const piece = (sha256: string, position: number, bytes: Uint8Array): Write => ({
    ...{ write: "attachment_piece", sha256, position, bytes },
  });
  const units: Write[][] = [
    [make.alert({ eventId: "e1" }, 2), make.alert({ eventId: "é2 😀" }), old],
    [make.incidentPut(ours)],
    [{ write: "join", incident, detections: [1, 3] }],
    [make.incidentPut({ ...ours, alerts: 2, state: "open" }, 2), declaration, decision, delivery],
    [
      piece(capture, 0, CAPTURE.subarray(0, 2)),
      piece(capture, 1, CAPTURE.subarray(2)),
      piece(letter, 0, LETTER),
    ],
    [
      ...attachments.map(({ sha256, size }): Write => ({ write: "attachment", sha256, size })),
      record({ kind: "logbook", id: note.id, revision: 1, incident, state: null, content: note }),
    ],
    [
      { write: "cursor", name: "pipeline", from: 0, to: 4 },
      { write: "bookmark", name: "siem", content: '{"after":"é"}' },
      { write: "plan", effect: { key: "k1", kind: "notify", incident, due: NIGHT, payload: { n: 1 } } },
      { write: "credentials", credentials: { account: "a1", password: "hash", totp: "secret", totpStep: 0 } },
      { write: "factors", account: "a1", revision: 1, factors: NO_FACTORS },
      { write: "session", id: "s1", content: "{}", expires: NIGHT, account: "a1" },
      { write: "ticket", hash: "ab".repeat(32), account: "a1", expires: NIGHT + 60_000_000 },
      { write: "unsent", account: "a1", incident, field: "text", content: "je tape\n…" },
      {
        write: "quarantine",
        entry: { source: "siem", received: NIGHT, code: "x", message: "illisible", sample: "\u0000<" },
      },
    ],
    [
      {
        write: "erasure",
        erasure: { policy: "alertes, 13 mois", alerts: [old.alert.id], attachments: [letter] },
      },
    ],
    [{ write: "note", what: "told", incident, content: { channel: "crochet" } }],
  ];
  for (const [index, writes] of units.entries()) {
    const receipt = await store.commit({ facility, at: NIGHT + index, writes });
    if (receipt.outcome !== "committed") throw new Error(`unit ${index}: ${receipt.because}`);
  }
  await store.checkpoint(facility);
  return { incident };
}
