import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Instant } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { JournalEntry } from "../core/journal.ts";
import { attachmentsFollow, namedBy, writeAttachments } from "./bundle-attachments.ts";
import { bundleFaults } from "./bundle-faults.ts";
import { ALERTS_MAX, Bundle, type HiddenEntry, type ShownEntry } from "./bundle-format.ts";
import { ERASED } from "./declare-erasure.ts";
import { readErasure } from "./erasure.ts";
import { fingerprintOf, type SigningKey } from "./keys.ts";
import { ALWAYS_UNPROVEN, type Fault, type Limit } from "./proof.ts";
import type { Reads } from "./store.ts";

const PAGE = 1000;

/**
 * Writes the bundle of an incident: the bytes to save as one file.
 *
 * Sign a checkpoint first; throws `bundle_unsigned` when the last one does not reach the incident's last entry,
 * `bundle_empty` when the journal knows no such incident.
 */
export async function writeBundle(input: {
  reads: Reads;
  facility: string;
  incident: string;
  created: Instant;
  exercise: boolean;
  key: SigningKey;
}): Promise<Buffer> {
  const { reads, facility, incident, created, exercise, key } = input;
  const own = await reads.journalOf(facility, incident);
  const evidence = await reads.evidenceOf(facility, incident, ALERTS_MAX);
  const signed = await reads.checkpoints(facility);
  const last = own.at(-1)?.seq;
  if (last === undefined) {
    throw new TocsinError({
      code: "bundle_empty",
      where: incident,
      message: "the journal has nothing of this incident",
    });
  }
  const end = signed.at(-1);
  if (end === undefined || end.seq < Math.max(last, evidence.at(-1)?.entry ?? 0)) {
    throw new TocsinError({
      code: "bundle_unsigned",
      where: incident,
      message: "no checkpoint reaches the incident's last entry",
      remedy: "sign a checkpoint of the facility, then write the bundle",
    });
  }
  const begin = Math.min(own[0]?.seq ?? last, evidence[0]?.entry ?? last);
  const start = signed.findLast(({ seq }) => seq < begin);
  const shown = new Set([...own.map(({ seq }) => seq), ...evidence.map(({ entry }) => entry)]);
  const entries = await entriesBetween(reads, facility, (start?.seq ?? 0) + 1, end.seq);
  const alertsLeftOut = joinedAlerts(own).size - evidence.length;
  const attached = namedBy(own);
  for (const { seq, type, content } of entries) {
    const erasure = type === ERASED && content !== null ? readErasure(content) : undefined;
    // What explains that something is missing; an alert that is gone cannot say which digest was its own.
    const explains =
      erasure?.entries.some((named) => shown.has(named)) ||
      erasure?.attachments?.some((sha256) => attached.has(sha256)) ||
      (erasure?.alerts.length && alertsLeftOut > 0);
    if (explains) shown.add(seq);
  }
  const { listed, lines } = await writeAttachments(reads, facility, own);
  const body: Omit<Bundle, "signature"> = {
    format: "tocsin-bundle/1",
    facility,
    incident,
    created,
    exercise,
    publicKey: key.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    previous: entries[0]?.previous as string,
    chain: entries.map((entry) => (shown.has(entry.seq) ? shownEntry(entry) : hiddenEntry(entry))),
    alerts: evidence.map(({ content }) => content),
    alertsLeftOut,
    ...(listed.length > 0 && { attachments: listed }),
    checkpoints: start === undefined ? [end] : [start, end],
  };
  const signature = sign(null, Buffer.from(canonicalJson(body)), key.privateKey).toString("base64url");
  return Buffer.concat([Buffer.from(`${canonicalJson({ ...body, signature })}\n`), ...lines]);
}

export interface BundleReport {
  ok: boolean;
  facility: string;
  incident: string;
  exercise: boolean;
  created: Instant;
  /** Entries from the first to the last of the chain, and how many of them are shown. */
  entries: number;
  shown: number;
  alerts: number;
  attachments: number;
  /** Fingerprint of the key that signed, and whether it is the one that was given. */
  key: string;
  keyKnown: boolean;
  firstBroken?: Fault;
  faults: number;
  cannotProve: Limit[];
}

/** Why a file cannot be read as a bundle at all, as against a bundle that was altered. */
export type BundleVerdict = BundleReport | { ok: false; unreadable: string; because: string };

/**
 * Verifies a bundle offline: every byte, the chain, the contents, the alerts, and what was decided on which text.
 *
 * `publicKey` is the facility's key when the reader has it; without it the bundle only proves that it is whole.
 */
export function verifyBundle(
  bytes: Uint8Array,
  { publicKey }: { publicKey?: KeyObject } = {},
): BundleVerdict {
  const read = readBundle(bytes);
  if (!("bundle" in read)) return read;
  const { bundle, key } = read;
  const { signature, ...body } = bundle;
  const mark = fingerprintOf(key);
  if (publicKey !== undefined && fingerprintOf(publicKey) !== mark) {
    return altered("bundle_key", `le dossier est signé par la clé ${mark}, pas par celle de l'établissement`);
  }
  const signed = Buffer.from(signature, "base64url");
  if (
    signed.toString("base64url") !== signature ||
    !verify(null, Buffer.from(canonicalJson(body)), key, signed)
  ) {
    return altered(
      "bundle_signature",
      "la signature du dossier n'est pas valable : un octet au moins a changé",
    );
  }
  const faults = bundleFaults(bundle, key);
  const first = faults.first();
  const { facility, incident, exercise, created, chain, alerts } = bundle;
  return {
    ok: faults.count() === 0,
    facility,
    incident,
    exercise,
    created,
    entries: chain.length,
    shown: chain.filter((entry) => "type" in entry).length,
    alerts: alerts.length,
    attachments: bundle.attachments?.length ?? 0,
    key: mark,
    keyKnown: publicKey !== undefined,
    ...(first === undefined ? {} : { firstBroken: first }),
    faults: faults.count(),
    cannotProve: limitsOf(bundle, publicKey === undefined ? mark : undefined),
  };
}

function readBundle(
  bytes: Uint8Array,
): { bundle: Bundle; key: KeyObject } | Exclude<BundleVerdict, BundleReport> {
  // The JSON is one line; attachments follow it.
  const end = bytes.indexOf(0x0a) + 1 || bytes.length;
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
    parsed = JSON.parse(text);
  } catch {
    return notBundle(bytes);
  }
  const checked = Bundle.safeParse(parsed);
  if (!checked.success) return notBundle(bytes);
  // One value has one spelling: spaces, another order of members or another escape are alterations too.
  if (`${canonicalJson(parsed)}\n` !== text) {
    return altered(
      "bundle_spelling",
      "le fichier n'est pas écrit comme Tocsin l'écrit : un octet au moins a changé",
    );
  }
  if (
    !attachmentsFollow(
      Buffer.from(bytes.buffer, bytes.byteOffset).subarray(end, bytes.length),
      checked.data.attachments ?? [],
    )
  )
    return altered("bundle_attachments", "les pièces jointes qui suivent ne sont pas celles du dossier");
  const key = publicKeyOf(checked.data.publicKey);
  if (key === undefined)
    return altered("bundle_public_key", "la clé publique que porte le dossier est illisible");
  return { bundle: checked.data, key };
}

function publicKeyOf(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64"), type: "spki", format: "der" });
    const same = key.export({ type: "spki", format: "der" }).toString("base64") === text;
    return same && key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

function notBundle(bytes: Uint8Array): Exclude<BundleVerdict, BundleReport> {
  // The beginning, since the name of the format stands behind what may have been cut.
  const text = Buffer.from(bytes);
  return text.includes("tocsin-bundle/1") || text.indexOf('{"alerts":[') === 0
    ? altered("bundle_damaged", "le dossier est endommagé ou tronqué")
    : altered("bundle_unknown", "ce fichier n'est pas un dossier Tocsin");
}

function altered(unreadable: string, because: string): Exclude<BundleVerdict, BundleReport> {
  return { ok: false, unreadable, because };
}

async function entriesBetween(
  reads: Reads,
  facility: string,
  from: number,
  to: number,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (let next = from; next <= to; ) {
    const page = await reads.journal(facility, next, Math.min(PAGE, to - next + 1));
    const end = page.at(-1);
    if (end === undefined) break;
    entries.push(...page);
    next = end.seq + 1;
  }
  return entries;
}

function shownEntry({
  seq,
  bodyHash,
  type,
  at,
  incident,
  contentHash,
  salt,
  content,
}: JournalEntry): ShownEntry {
  return { seq, bodyHash, type, at, incident, contentHash, salt, content };
}

function hiddenEntry({ seq, bodyHash }: JournalEntry): HiddenEntry {
  return { seq, bodyHash };
}

/** Ids of the alerts that the incident's `joined` entries name. */
function joinedAlerts(entries: readonly Pick<JournalEntry, "type" | "content">[]): Set<string> {
  const joined = entries.filter(({ type, content }) => type === "joined" && content !== null);
  return new Set(
    joined.flatMap(({ content }) => {
      const { detections } = JSON.parse(content as string) as { detections: { alert: string }[] };
      return detections.map(({ alert }) => alert);
    }),
  );
}

function limitsOf({ alertsLeftOut, chain, exercise }: Bundle, unknownKey: string | undefined): Limit[] {
  const limits: Limit[] = [];
  if (unknownKey !== undefined) {
    limits.push({
      code: "key_unknown",
      because: `qui a signé : dossier signé par la clé ${unknownKey}, à comparer avec celle de l'établissement`,
    });
  }
  const erased = chain.filter((entry) => "type" in entry && entry.content === null).length;
  if (erased > 0) {
    limits.push({
      code: "erased",
      because: `ce que disaient ${erased} entrée(s) dont le journal déclare le contenu effacé`,
    });
  }
  const gone = chain.flatMap((entry) => {
    const erasure = "type" in entry && entry.type === ERASED ? readErasure(entry.content ?? "") : undefined;
    return erasure?.attachments ?? [];
  }).length;
  if (gone > 0) {
    limits.push({
      code: "attachments_gone",
      because: `ce que contenaient ${gone} pièce(s) jointe(s) que le journal déclare effacées, avec qui l'a fait et pourquoi`,
    });
  }
  if (alertsLeftOut > 0) {
    limits.push({
      code: "alerts_left_out",
      because: `ce que contenaient ${alertsLeftOut} alerte(s) absentes du dossier`,
    });
  }
  if (exercise) limits.push({ code: "exercise", because: "un incident réel : ce dossier est un EXERCICE" });
  return [
    ...limits,
    {
      code: "hidden_entries",
      because: "ce que disent les entrées des autres dossiers, dont seule l'empreinte est jointe",
    },
    { code: "after", because: "ce qui a été ajouté au journal après le dernier point de contrôle joint" },
    ...ALWAYS_UNPROVEN,
  ];
}
