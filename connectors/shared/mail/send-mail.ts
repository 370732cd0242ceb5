import type { Attempt, Reachability } from "../../contract.ts";
import { oneLine } from "../notify/words.ts";
import type { Relay } from "./relay.ts";

/** A relay with what is needed to be let in. */
export interface OpenRelay
  extends Pick<Relay, "host" | "port" | "security" | "authority" | "timeout_seconds"> {
  login?: { username: string; password: string } | undefined;
  /** Certificate and key (PEM) that the relay knows us by. */
  client?: { certificate: string; key: string } | undefined;
}

/** A message on its way to a relay. */
export interface Posting {
  /** Where what cannot be delivered comes back to. */
  from: string;
  to: readonly string[];
  /** The whole message, RFC 5322: these bytes leave. */
  raw: Uint8Array;
  /** True to ask for a report of delivery (RFC 3461), where the relay gives any. */
  report?: boolean | undefined;
  signal: AbortSignal;
}

/** What a relay made of a message. */
export interface Posted {
  outcome: Attempt["outcome"];
  /** What the relay answered, or what happened to the line. */
  because: string;
  /** Who was refused although others were not, each with the relay's answer. */
  refused: readonly string[];
  /** True once the last byte went out. */
  left: boolean;
}

/** Longest answer of a relay that is kept, characters. */
const ANSWER = 200;
/** Longest detail that follows our own words, characters. */
const DETAIL = 80;

/**
 * Hands one message to a relay and says what is known of it; never rejects.
 *
 * 4xx and greylisting may be tried again, 5xx is refused, silence after the whole text says nothing.
 */
export async function sendMail(relay: OpenRelay, posting: Posting): Promise<Posted> {
  /** The final dot went out: from then on the relay may have the mail. */
  let left = false;
  const { from, to, raw, report, signal } = posting;
  // Loaded when first needed: the threads that only read the registry do without it.
  const { createTransport } = await import("nodemailer");
  try {
    const { login } = relay;
    const transport = createTransport({
      ...(await optionsOf(relay)),
      ...(login !== undefined && { auth: { user: login.username, pass: login.password } }),
      logger: silentLogger((entry) => {
        left ||= entry.tnx === "message";
      }),
      // Nothing of a message may make the sender read a file or fetch an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const mail = {
      envelope: { from, to: [...to], size: raw.byteLength },
      raw: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength),
      ...(report === true && { dsn: REPORT }),
      // What was given up on must not arrive after all: the line is cut.
      signal: endOf(relay, signal),
    };
    const { response, rejectedErrors = [] } = await transport.sendMail(mail);
    const refused = (rejectedErrors as SmtpError[]).map(
      (error) => `${error.recipient ?? ""} (${answerOf(error)})`,
    );
    return { outcome: "delivered", because: oneLine(response).slice(0, ANSWER), refused, left: true };
  } catch (thrown) {
    const error = thrown as SmtpError;
    return { outcome: outcomeOf(error, left), because: answerOf(error), refused: [], left };
  }
}

/** Looks whether a relay would take a message: greeting, TLS and sign-in, and nothing is sent; never rejects. */
export async function probeRelay(relay: OpenRelay, signal: AbortSignal): Promise<Reachability> {
  const { default: SMTPConnection } = await import("nodemailer/lib/smtp-connection");
  const { login, host } = relay;
  const end = endOf(relay, signal);
  const done = Promise.withResolvers<void>();
  try {
    const smtp = new SMTPConnection({ ...(await optionsOf(relay)), logger: silentLogger(() => undefined) });
    const stop = () => {
      done.reject(Object.assign(new Error("time"), { code: "ETIMEDOUT" }));
      smtp.close();
    };
    end.addEventListener("abort", stop, { once: true });
    smtp.on("error", done.reject);
    smtp.on("end", () => done.reject(new Error("connexion fermée")));
    if (end.aborted) stop();
    else
      smtp.connect((error) => {
        if (error) done.reject(error);
        // As a message is sent: a relay that offers no sign-in is not asked for one.
        else if (login === undefined || !smtp.allowsAuth) done.resolve();
        else
          smtp.login(
            { user: login.username, credentials: { user: login.username, pass: login.password } },
            (refused) => (refused ? done.reject(refused) : done.resolve()),
          );
      });
    await done.promise.catch((error) => {
      smtp.close();
      throw error;
    });
    smtp.quit();
    return { reachable: true, because: `Le serveur de messagerie ${host} répond.` };
  } catch (error) {
    const because = `Le serveur de messagerie ${host} ne prend pas de message : ${answerOf(error as SmtpError)}`;
    return { reachable: false, because };
  }
}

const REPORT = { return: "headers", notify: ["success", "failure", "delay"] };

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
  recipient?: string;
}

function outcomeOf({ code, responseCode = 0 }: SmtpError, left: boolean): Attempt["outcome"] {
  // Larger than the relay takes: it said so before anything left.
  if (responseCode >= 500 || (code === "EMESSAGE" && responseCode === 0 && !left)) return "refused";
  return responseCode >= 400 || !left ? "unreachable" : "uncertain";
}

/** What happened to the line, by the sender's code, where the relay itself said nothing. */
const FAULTS = new Map([
  ["EDNS", "ce nom n'existe pas dans le DNS, ou le DNS ne répond pas"],
  ["ESOCKET", "la connexion n'a pas abouti"],
  ["ECONNECTION", "la connexion a été coupée"],
  ["ETIMEDOUT", "pas de réponse à temps"],
  ["EABORT", "envoi interrompu avant la fin"],
  ["EAUTH", "nos identifiants sont refusés"],
  ["ENOAUTH", "il ne propose pas de s'identifier"],
  ["ETLS", "pas de connexion chiffrée possible"],
  ["EREQUIRETLS", "pas de connexion chiffrée possible"],
  ["EPROTOCOL", "il répond autrement qu'un serveur de messagerie"],
]);

function answerOf({ code = "", response, message }: SmtpError): string {
  if (response !== undefined) return oneLine(response).slice(0, ANSWER);
  const fault = certificateFault(message) ?? FAULTS.get(code) ?? "le message n'a pas pu être remis";
  return `${fault} (${oneLine(message).slice(0, DETAIL)})`;
}

function certificateFault(message: string): string | undefined {
  if (!/certificate|unknown ca/i.test(message)) return undefined;
  return /\balert\b/i.test(message) ? "notre certificat est refusé" : "son certificat n'est pas valable";
}

/** Each silence is bounded by the sender, the whole of a relay that drips by this. */
function endOf({ timeout_seconds }: OpenRelay, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeout_seconds * 3000)]);
}

async function optionsOf(relay: OpenRelay) {
  const { readFileSync } = await import("node:fs");
  const { host, port, security, authority, timeout_seconds, client } = relay;
  const wait = timeout_seconds * 1000;
  return {
    host,
    port: port ?? (security === "tls" ? 465 : 587),
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: {
      ...(authority !== undefined && { ca: readFileSync(authority) }),
      ...(client !== undefined && { cert: client.certificate, key: client.key }),
    },
    connectionTimeout: wait,
    greetingTimeout: wait,
    socketTimeout: wait,
    dnsTimeout: wait,
  };
}

/** Hears what the sender does, which tells of no address and no secret, and writes nothing. */
function silentLogger(hear: (entry: { tnx?: unknown }) => void) {
  const none = () => undefined;
  const info = (entry: unknown) => hear((entry ?? {}) as { tnx?: unknown });
  return { level: none, trace: none, debug: none, info, warn: none, error: none, fatal: none };
}
