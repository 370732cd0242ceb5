import { type Clock, type Instant, MICROSECONDS } from "../../agent/core/clock.ts";
import { type DeclarationContent, declarationKey, sealContent } from "../../agent/core/declaration.ts";
import { type NewId, uuidv7 } from "../../agent/core/id.ts";
import type { Incident } from "../../agent/core/incident.ts";
import type { RecordKind, Records, StoredAlert, Write } from "../../agent/store/store.ts";
import { MASKS } from "./masks.ts";

/** Sunday 7 June 2026, 00:10 UTC: the night of the first story. */
export const NIGHT: Instant = Date.UTC(2026, 5, 7, 0, 10) * 1000;

/** A clock that moves one second at every reading. */
export function steppingClock(from: Instant = NIGHT): Clock {
  let now = from;
  return {
    now() {
      now += MICROSECONDS.second;
      return now;
    },
  };
}

export type AlertWrite = Write & { write: "alert" };

/** Makes alerts and records with new ids, for whatever a test is not about. */
export function samples(clock: Clock = steppingClock()) {
  const newId: NewId = uuidv7(clock);

  function alert(over: Partial<StoredAlert> = {}, detections = 1): AlertWrite {
    const id = over.id ?? newId();
    const now = clock.now();
    return {
      write: "alert",
      alert: {
        id,
        source: "siem",
        received: now,
        occurred: now,
        eventId: null,
        alert: {
          message: "Files renamed to .locked",
          host: { name: "pacs-01" },
          event: { module: "syslog" },
        },
        ...over,
      },
      detections: Array.from({ length: detections }, (_, index) => ({
        id: newId(),
        alert: id,
        rule: {
          id: `rule-${index}`,
          version: "0123456789ab",
          title: "Mass renaming",
          level: "high",
          tags: [],
        },
        because: [{ selection: "names", field: "message", pattern: "*.locked", value: "renamed to .locked" }],
      })),
    };
  }

  function incident(over: Partial<Incident> = {}): Incident {
    const id = over.id ?? newId();
    return {
      id,
      facility: "ght-nord",
      reference: `2026-${id.slice(-6)}`,
      state: "candidate",
      occurred: NIGHT,
      first_alert: NIGHT,
      found: null,
      last_alert: NIGHT,
      alerts: 1,
      entities: [{ kind: "host", value: "pacs-01" }],
      systems: ["pacs"],
      causes: ["ransomware"],
      malicious: null,
      declarant: null,
      opened_by: "machine",
      because: "Fichiers renommés en masse sur le PACS.",
      ...over,
    };
  }

  function incidentPut(content: Incident, revision = 1): Write {
    return record({
      kind: "incident",
      id: content.id,
      revision,
      incident: content.id,
      state: content.state,
      content,
    });
  }

  /** A declared text with its decision and its delivery, as three records. */
  function declared(incident: string): {
    declaration: Write;
    decision: Write;
    delivery: Write;
    sha256: string;
  } {
    const id = newId();
    const content: DeclarationContent = {
      facility: { id: "ght-nord", name: "GHT Nord" },
      incident,
      reference: "2026-0007",
      declaration: id,
      kind: "initial",
      version: 1,
      exercise: false,
      pack: { id: "d1111-16-2", version: "1" },
      template: { id: "initial", version: "1" },
      criteria: [],
      sections: [],
      text: "Le PACS est indisponible depuis 02:14. Mode dégradé : oui.",
    };
    const { canonical, sha256 } = sealContent(MASKS.every(content, { incident: null }));
    const base = { incident, declaration: id, version: 1, sha256 };
    const declaration = {
      id,
      incident,
      regime: "d1111-16-2",
      kind: "initial",
      version: 1,
      state: "draft",
    } as const;
    const delegate = { account: newId(), name: "Anne Morel" };
    const decisionId = newId();
    const deliveryId = newId();
    return {
      sha256,
      declaration: record({
        kind: "declaration",
        id: declarationKey({ id, version: 1 }),
        revision: 1,
        incident,
        state: "draft",
        content: { ...declaration, sha256, canonical, updated: NIGHT },
      }),
      decision: record({
        kind: "decision",
        id: decisionId,
        revision: 1,
        incident,
        state: null,
        content: {
          ...base,
          id: decisionId,
          decision: "approved",
          delegate,
          how: { channel: "web", second_factor: "totp" },
          reason: null,
          at: NIGHT,
        },
      }),
      delivery: record({
        kind: "delivery",
        id: deliveryId,
        revision: 1,
        incident,
        state: "planned",
        content: {
          ...base,
          id: deliveryId,
          kind: "declaration",
          channel: "portal",
          reach: "assisted",
          state: "planned",
          attempts: [],
          reference: null,
          planned: NIGHT,
          settled: null,
          exercise: false,
        },
      }),
    };
  }

  return { newId, alert, incident, incidentPut, declared };
}

/** Completes a record's write. */
export function record<K extends RecordKind>(put: {
  kind: K;
  id: string;
  revision: number;
  incident: string | null;
  state: string | null;
  content: Records[K];
}): Write {
  return { write: "record", ...put } as unknown as Write;
}
