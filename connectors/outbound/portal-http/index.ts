import { X509Certificate } from "node:crypto";
import { type Instant, MICROSECONDS } from "../../../agent/core/clock.ts";
import type {
  Attempt,
  AttemptContext,
  Filing,
  Kept,
  Outbound,
  Reachability,
  Reveal,
} from "../../contract.ts";
import { type Answer, type Failure, isForbidden } from "../../shared/egress/call-out.ts";
import { sayStatus } from "../../shared/say-status.ts";
import { fillBody } from "./body-template.ts";
import { openExchange } from "./open-exchange.ts";
import { judgeAsked, judgeSent, type Verdict } from "./read-answer.ts";
import { type PLACEHOLDERS, PortalHttpConfig } from "./settings.ts";

type Answered = Extract<Answer, { status: number }>;

/** A portal or gateway with an interface: each approved text is one call, and only a reference makes it delivered. */
export const portalHttp = {
  name: "portal-http",
  summary: "Sends the approved declaration to a portal or gateway that has an HTTP interface",
  config: PortalHttpConfig,
  reach: "authority",
  kinds: ["declaration", "information"],
  // Only the settings can say so: `idempotency.recognised`.
  repeatable: false,
  guide: (config) => ({
    to: nameOf(config),
    steps: [
      "Tocsin envoie le texte validé. Seule une référence donnée par le destinataire vaut dépôt.",
      "Sans confirmation : demander au destinataire ce qu'il a reçu, avant de renvoyer.",
    ],
  }),
  open(config, reveal) {
    const to = nameOf(config);
    const { exchange, conceal } = openExchange(config, reveal);
    const { status } = config;

    async function send(filing: Filing, context: AttemptContext): Promise<Attempt> {
      const refusal = refusalOf(filing);
      if (refusal !== undefined) return { outcome: "refused", because: refusal };
      const body = bodyOf(config, filing);
      if (body.problems !== undefined)
        return {
          outcome: "refused",
          because: `Rien n'est parti, le texte ne remplit pas ce qu'attend ${to} : ${body.problems.slice(0, 5).join(" ; ")}.`,
        };
      const own = ownCertificate(config, reveal, context);
      if (own?.reachable === false)
        return { outcome: "refused", because: `Rien n'est parti. ${own.because}` };
      const answer = await exchange(
        {
          method: config.method,
          url: config.url,
          headers: {
            "content-type": "application/json",
            [config.idempotency.header.toLowerCase()]: keyHeader(filing.key),
          },
          body: body.bytes,
        },
        context,
      );
      const sent: Kept = { name: `${baseName(filing)}.json`, type: "application/json", bytes: body.bytes };
      if ("unshown" in answer) return answer.unshown;
      if (answer.failed !== undefined) return afterFailure(answer.failed, sent);
      const verdict = judgeSent(answer, config.receipt, { to, now: new Date(context.now / 1000) });
      return attemptOf(verdict, { answer, filing, now: context.now, conceal, sent });
    }

    async function ask(filing: Filing, context: AttemptContext): Promise<Attempt> {
      if (status === undefined) return { outcome: "uncertain", because: `${to} ne peut pas être interrogé.` };
      const answer = await exchange(
        { method: "GET", url: statusUrl(status.url, filing), headers: {} },
        context,
      );
      const unanswered = (why: string): Attempt => ({
        outcome: "uncertain",
        because: `${to} n'a pas pu être interrogé : ${why}`,
      });
      if ("unshown" in answer) return unanswered(answer.unshown.because);
      if (answer.failed !== undefined) return unanswered(`${answer.failed.because}.`);
      const never = status.never_received;
      return attemptOf(judgeAsked(answer, status.receipt ?? config.receipt, { to, never }), {
        ...{ answer, filing, conceal },
        now: context.now,
      });
    }

    async function probe(context: AttemptContext): Promise<Reachability> {
      const own = ownCertificate(config, reveal, context);
      if (own?.reachable === false) return own;
      const answer = await exchange({ method: "HEAD", url: config.url, headers: {} }, context);
      if ("unshown" in answer) return { reachable: false, because: answer.unshown.because };
      if (answer.failed !== undefined) return { reachable: false, because: `${answer.failed.because}.` };
      const because = `${to} répond (réponse ${answer.status}).`;
      const now = new Date(context.now / 1000);
      if (answer.status >= 300 && answer.status < 400)
        return { reachable: false, because: judgeSent(answer, config.receipt, { to, now }).because };
      if (answer.status === 401 || answer.status >= 500)
        return { reachable: false, because: `${to} ${sayStatus(answer.status)}.` };
      return own === undefined
        ? { reachable: true, because }
        : { ...own, because: `${because} ${own.because}` };
    }

    return {
      repeatable: config.idempotency.recognised,
      send,
      probe,
      ...(status === undefined ? {} : { ask }),
    };
  },
} satisfies Outbound<PortalHttpConfig>;

const nameOf = ({ to, url }: PortalHttpConfig) => to ?? `Portail ${new URL(url).host}`;

/** What never leaves by here, whatever called. */
function refusalOf({ exercise, kind, declaration }: Filing): string | undefined {
  if (exercise) return "EXERCICE : rien n'est envoyé à une autorité.";
  if (declaration.kind === "set_aside")
    return "Une non-déclaration motivée reste au dossier : elle ne s'envoie pas.";
  return kind === "help" ? "Une demande d'aide ne part pas par ce canal." : undefined;
}

function bodyOf(
  config: PortalHttpConfig,
  filing: Filing,
): { bytes: Uint8Array; problems?: undefined } | { problems: readonly string[] } {
  if (config.body === "canonical") return { bytes: filing.bytes };
  const content = JSON.parse(new TextDecoder().decode(filing.bytes));
  const built = fillBody(config.body.json, { content, filing });
  if (built.problems !== undefined) return built;
  return { bytes: Buffer.from(JSON.stringify(built.json), "utf8") };
}

/** A failure after which nothing can have arrived may be tried again; after any other a person, or `ask`, must look. */
function afterFailure({ code, left, because }: Failure, sent: Kept): Attempt {
  if (isForbidden(code))
    return { outcome: "refused", because: `Rien n'est parti, cette sortie n'est pas permise : ${because}.` };
  if (!left) return { outcome: "unreachable", because: `Rien n'est parti : ${because}.` };
  return {
    outcome: "uncertain",
    because: `Envoi parti, sans accusé de réception : ${because}. Vérifiez auprès du destinataire avant de renvoyer.`,
    sent,
  };
}

function attemptOf(
  verdict: Verdict,
  parts: { answer: Answered; filing: Filing; now: Instant; conceal(text: string): string; sent?: Kept },
): Attempt {
  const { answer, filing, conceal, sent } = parts;
  const because = conceal(verdict.because);
  const kept = sent === undefined ? {} : { sent };
  if (verdict.outcome === "unreachable") {
    const { outcome, wait } = verdict;
    const notBefore = wait === undefined ? {} : { notBefore: parts.now + wait * MICROSECONDS.second };
    return { outcome, because, ...kept, ...notBefore };
  }
  const text = answer.body.toString("latin1");
  // What came back is kept for years and handed on: what repeats a secret of ours is not.
  if (conceal(text) !== text)
    return {
      ...verdict,
      because: `${because} Sa réponse répète notre secret : elle n'est pas conservée.`,
      ...kept,
    };
  if (verdict.outcome === "delivered")
    return { ...verdict, because, ...kept, receipt: receiptOf(answer, filing) };
  const said: Kept = { name: `reponse-${baseName(filing)}.txt`, type: "text/plain", bytes: answer.body };
  return { ...verdict, because, ...kept, ...(answer.body.length > 0 && { answer: said }) };
}

/** Named by us: what the other side calls it is not looked at. */
function receiptOf({ body, headers }: Answered, filing: Filing): Kept {
  const [said = ""] = String(headers["content-type"] ?? "").split(";");
  const type =
    said.trim().toLowerCase() === "application/problem+json"
      ? "application/problem+json"
      : "application/json";
  return { name: `accuse-${baseName(filing)}.json`, type, bytes: body };
}

const baseName = ({ reference, declaration: { kind, version } }: Filing) =>
  `${reference}-${kind}-v${version}`.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 100);

/** A header holds plain characters only: what is beyond is written as a URL would. */
const keyHeader = (key: string) =>
  /^[\x21-\x7e]{1,500}$/.test(key) ? key : encodeURIComponent(key.toWellFormed());

function statusUrl(
  template: string,
  { key, reference, declaration: { id, version, sha256 } }: Filing,
): string {
  const values: Record<(typeof PLACEHOLDERS)[number], string> = {
    key,
    reference,
    declaration: id,
    version: String(version),
    sha256,
  };
  return template.replace(/\{([a-z0-9]+)\}/g, (_, name: keyof typeof values) =>
    encodeURIComponent(values[name].toWellFormed()),
  );
}

const SOON_DAYS = 30;

/** Our own certificate, when it has ended or soon will. */
function ownCertificate(
  { tls }: PortalHttpConfig,
  reveal: Reveal,
  { now }: AttemptContext,
): Reachability | undefined {
  if (tls.certificate === undefined) return undefined;
  try {
    const end = new X509Certificate(reveal("tls.certificate")).validToDate;
    const days = (end.getTime() - now / 1000) / 86_400_000;
    const date = end.toLocaleDateString("fr-FR", { dateStyle: "long", timeZone: "Europe/Paris" });
    if (days < 0) return { reachable: false, because: `Notre certificat a expiré le ${date}.` };
    return days < SOON_DAYS ? { reachable: true, because: `Notre certificat expire le ${date}.` } : undefined;
  } catch {
    return { reachable: false, because: "Notre certificat est illisible." };
  }
}
