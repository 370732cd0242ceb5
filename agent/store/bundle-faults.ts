import type { KeyObject } from "node:crypto";
import { Decision } from "../core/decision.ts";
import { Declaration } from "../core/declaration.ts";
import { Delivery } from "../core/delivery.ts";
import { messageOf } from "../core/errors.ts";
import { entryHash, GENESIS } from "../core/journal.ts";
import { sha256Hex } from "../core/sha256.ts";
import { checkAttachments } from "./bundle-attachments.ts";
import { ALERTS_MAX, type Bundle, type ShownEntry } from "./bundle-format.ts";
import { ERASED } from "./declare-erasure.ts";
import { declaredErased, type Erased } from "./erasure.ts";
import { fingerprintOf } from "./keys.ts";
import { entryFault, type FaultList, fault, faultList } from "./proof.ts";
import { checkpointHolds } from "./read-checkpoints.ts";

/** Entries that are of no incident and are shown with those that need them. */
const COMMON = new Set(["alerts", ERASED]);

type Put = { seq: number; kind: string; id: string; revision: number; content: unknown };

/** What is wrong inside a bundle whose signature holds. */
export function bundleFaults(bundle: Bundle, key: KeyObject): FaultList {
  const faults = faultList();
  const shown = bundle.chain.filter((entry): entry is ShownEntry => "type" in entry);
  checkChain(bundle, key, faults);
  const erased = declaredErased(shown);
  for (const entry of shown) {
    if (entry.content === null && !erased.entry(entry)) faults.add(fault(entry.seq, "content_removed"));
  }
  try {
    checkAlerts({ bundle, shown, erased, faults });
    checkDecisions(putsOf(shown, faults), faults);
    checkAttachments(shown, bundle.attachments ?? [], { erased, faults });
  } catch (error) {
    faults.add(fault(bundle.chain[0]?.seq ?? 0, "entry_unreadable", messageOf(error)));
  }
  return faults;
}

function checkChain(bundle: Bundle, key: KeyObject, faults: FaultList): void {
  const { chain, checkpoints, facility, incident } = bundle;
  const heads = new Map<number, string>();
  const start = (chain[0]?.seq ?? 1) - 1;
  heads.set(start, bundle.previous);
  if (start === 0 && bundle.previous !== GENESIS) faults.add(fault(1, "entry_link"));
  if (start > 0 && !checkpoints.some(({ seq }) => seq === start)) faults.add(fault(start + 1, "entry_link"));

  let [seq, head] = [start, bundle.previous];
  for (const entry of chain) {
    if (entry.seq !== seq + 1) faults.add(fault(seq + 1, "entry_missing", undefined, entry.seq - 1));
    const hash = entryHash(head, entry.bodyHash);
    if ("type" in entry) {
      const wrong = entryFault({ ...entry, facility, previous: head, hash }, head);
      if (wrong !== undefined) faults.add(fault(entry.seq, wrong));
      const ours = entry.incident === incident || (COMMON.has(entry.type) && entry.incident === null);
      if (!ours) faults.add(fault(entry.seq, "entry_extra"));
    }
    [seq, head] = [entry.seq, hash];
    heads.set(seq, head);
  }

  if (checkpoints.at(-1)?.seq !== seq) faults.add(fault(seq, "tail_cut"));

  // An entry found broken explains a wrong head better.
  const sound = faults.count() === 0;
  const fingerprint = fingerprintOf(key);
  for (const checkpoint of checkpoints) {
    const { seq, hash } = checkpoint;
    if (checkpoint.facility !== facility || checkpoint.key !== fingerprint)
      faults.add(fault(seq, "checkpoint_key"));
    else if (!checkpointHolds(checkpoint, key)) faults.add(fault(seq, "checkpoint_signature"));
    if (sound && heads.get(seq) !== hash) {
      faults.add(fault(start + 1, "chain_forged", `point de contrôle n° ${seq}`, seq));
    }
  }
}

function checkAlerts(input: {
  bundle: Bundle;
  shown: ShownEntry[];
  erased: Erased;
  faults: FaultList;
}): void {
  const { shown, erased, faults } = input;
  const { alerts, alertsLeftOut } = input.bundle;
  const digests = new Map<string, number>();
  const joined = new Map<string, number>();
  for (const { seq, type, content } of shown) {
    if (content === null) continue;
    if (type === "alerts") for (const digest of JSON.parse(content).digests) digests.set(digest, seq);
    if (type === "joined") for (const { alert } of JSON.parse(content).detections) joined.set(alert, seq);
  }
  const last = shown.at(-1)?.seq ?? 0;
  const carried = new Set<string>();
  for (const content of alerts) {
    const { id } = JSON.parse(content) as { id: string };
    if (!digests.has(sha256Hex(content)))
      faults.add(fault(joined.get(id) ?? last, "alert_differs", `alerte ${id}`));
    if (!joined.has(id)) faults.add(fault(last, "joined_extra", `alerte ${id}`));
    carried.add(id);
  }
  const missing = [...joined.keys()].filter((id) => !carried.has(id));
  if (missing.length !== alertsLeftOut || carried.size !== alerts.length) {
    faults.add(fault(last, "joined_differs", `${missing.length} alerte(s) absentes`));
    return;
  }
  const [first] = missing;
  if (first !== undefined && carried.size < ALERTS_MAX && missing.length > erased.alerts) {
    faults.add(fault(joined.get(first) ?? last, "alert_missing", `alerte ${first}`));
  }
}

/** Every text decided on is the text recorded, and nothing left that nobody had approved. */
function checkDecisions(puts: Put[], faults: FaultList): void {
  const texts = new Map<string, { sha256: string; seq: number }>();
  const approved = new Map<string, number>();
  for (const { seq, kind, content } of puts) {
    if (kind === "declaration") {
      const { id, version, sha256, canonical } = Declaration.parse(content);
      const before = texts.get(`${id}/${version}`);
      // Drafts of a version may change; a decided one may not.
      const decided = before !== undefined && approved.has(`${id}/${version}/${before.sha256}`);
      if (sha256Hex(canonical) !== sha256 || (decided && before.sha256 !== sha256)) {
        faults.add(fault(seq, "declaration_text", `version ${version}`));
      }
      texts.set(`${id}/${version}`, { sha256, seq });
    }
    if (kind === "decision") {
      const { declaration, version, sha256, decision } = Decision.parse(content);
      if (decision === "approved") approved.set(`${declaration}/${version}/${sha256}`, seq);
    }
  }
  for (const { seq, kind, content } of puts) {
    if (kind === "decision") {
      const { declaration, version, sha256 } = Decision.parse(content);
      const text = texts.get(`${declaration}/${version}`);
      if (text?.sha256 !== sha256) faults.add(fault(seq, "decision_text", `version ${version}`));
    }
    if (kind === "delivery") {
      const { declaration, version, sha256, kind: to } = Delivery.parse(content);
      const decided = approved.get(`${declaration}/${version}/${sha256}`);
      // A call for help carries no text: it may come before any decision.
      if (to !== "help" && (decided === undefined || decided > seq))
        faults.add(fault(seq, "delivery_unapproved", `version ${version}`));
    }
  }
}

/** The records' revisions, in order; one that was joined later may begin at any. */
function putsOf(shown: ShownEntry[], faults: FaultList): Put[] {
  const revisions = new Map<string, number>();
  return shown.flatMap(({ seq, type, content }) => {
    if (!type.endsWith(".put") || content === null) return [];
    const put = { seq, ...JSON.parse(content) } as Put;
    const name = `${put.kind} ${put.id}`;
    if (put.revision <= (revisions.get(name) ?? 0)) faults.add(fault(seq, "revision_gap", name));
    revisions.set(name, put.revision);
    return [put];
  });
}
