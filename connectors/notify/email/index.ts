import { createHash } from "node:crypto";
import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { isUrgent, mailAddress, oneLine, shorten } from "../../shared/notify/words.ts";
import { mailHtml } from "./mail-html.ts";

const Address = z
  .string()
  .refine((text) => mailAddress(text) !== undefined, "not an e-mail address, such as a.martin@ch.example");

const EmailConfig = z
  .strictObject({
    /** The facility's own relay. */
    host: z.string().min(1),
    /** (Default: 587, or 465 when `security` is `tls`.) */
    port: z.int().min(1).max(65_535).optional(),
    /** `starttls` refuses a relay that has none; `none` is for a relay of the same machine. (Default: starttls.) */
    security: z.enum(["starttls", "tls", "none"]).default("starttls"),
    /** Authority (PEM) that signed the relay's certificate, when it is the facility's own. */
    authority: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    password: SecretSource.optional(),
    from: Address,
    /** Fixed addressees; without them the person on call is written to. */
    to: z.array(Address).min(1).max(50).optional(),
    /** (Default: 15.) */
    timeout_seconds: z.number().min(1).max(60).default(15),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    path: ["password"],
    error: "username and password go together",
  })
  .refine(
    ({ security, username, host }) => security !== "none" || username === undefined || isLoopback(host),
    {
      path: ["security"],
      error: "a password does not travel in clear: take starttls or tls",
    },
  );
type EmailConfig = z.infer<typeof EmailConfig>;

/** Longest subject, characters. */
const SUBJECT = 150;

/** A mail by the facility's own relay: what happened in a sentence and the page's link, no evidence and no tracking. */
export const email = {
  name: "email",
  summary: "E-mail by the facility's own SMTP relay",
  config: EmailConfig,
  // The Message-ID is made of the key: a repeat has the same.
  repeatable: true,
  reaches: "email",
  open(config, reveal) {
    const password = config.password === undefined ? undefined : reveal("password");
    const domain = config.from.slice(config.from.indexOf("@") + 1);
    return {
      async send(message: Message, { now, signal, to }: AttemptContext): Promise<Attempt> {
        const addresses = config.to ?? [mailAddress(to?.email ?? "")].flatMap((each) => each ?? []);
        if (addresses.length === 0)
          return {
            outcome: "refused",
            because: `${to?.name ?? "personne"} : aucune adresse électronique valable`,
          };
        // Loaded when first needed: the threads that only read the registry do without it.
        const [{ createTransport }, { readFileSync }] = await Promise.all([
          import("nodemailer"),
          import("node:fs"),
        ]);
        const wait = config.timeout_seconds * 1000;
        let transport: ReturnType<typeof createTransport> | undefined;
        /** The final dot went out: from then on the relay may have the mail. */
        let whole = false;
        const stop = () => transport?.close();
        try {
          transport = createTransport({
            host: config.host,
            port: config.port ?? (config.security === "tls" ? 465 : 587),
            secure: config.security === "tls",
            requireTLS: config.security === "starttls",
            ignoreTLS: config.security === "none",
            ...(config.authority !== undefined && { tls: { ca: readFileSync(config.authority) } }),
            ...(password !== undefined && { auth: { user: config.username ?? "", pass: password } }),
            connectionTimeout: wait,
            greetingTimeout: wait,
            socketTimeout: wait,
            dnsTimeout: wait,
            logger: silentLogger((entry) => {
              whole ||= entry.tnx === "message";
            }),
            // Nothing of a message may make the sender read a file or fetch an address.
            disableFileAccess: true,
            disableUrlAccess: true,
          });
          signal.addEventListener("abort", stop, { once: true });
          const subject = shorten(oneLine(message.subject), SUBJECT);
          const sent = transport.sendMail({
            envelope: { from: config.from, to: addresses },
            from: { name: "Tocsin", address: config.from },
            to: addresses.map((address) => ({
              name: config.to === undefined ? oneLine(to?.name ?? "") : "",
              address,
            })),
            subject,
            messageId: `<${createHash("sha256").update(message.key).digest("hex").slice(0, 40)}@${domain}>`,
            date: new Date(now / 1000),
            text: `${subject}\n\n${plain(message.text)}\n\n${message.link}\n\n${FOOT}\n`,
            html: mailHtml({ ...message, subject, text: plain(message.text), foot: FOOT }),
            headers: {
              // RFC 3834: no holiday answer is wanted, and no loop.
              "Auto-Submitted": "auto-generated",
              ...(isUrgent(message) && { Importance: "high" }),
            },
            textEncoding: "quoted-printable",
          });
          const { response, rejected } = await withEnd(sent, wait * 3);
          const because = oneLine(response).slice(0, 200);
          if (rejected.length === 0) return { outcome: "delivered", because };
          return {
            outcome: "delivered",
            because: `${because} (refusé pour ${rejected.map(String).join(", ")})`,
          };
        } catch (error) {
          return outcomeOfError(error as SmtpError, whole);
        } finally {
          signal.removeEventListener("abort", stop);
          transport?.close();
        }
      },
    };
  },
} satisfies Notifier<EmailConfig>;

const FOOT =
  "Message de Tocsin. Le lien ouvre une page : il ne connecte personne et ne décide de rien. Ne répondez pas ici.";

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
}

/** 4xx and greylisting are tried again, 5xx is refused; silence after the whole text says nothing. */
function outcomeOfError(error: SmtpError, whole: boolean): Attempt {
  const { code, responseCode = 0, response, message } = error;
  const because = oneLine(response ?? `${code ?? ""} ${message}`).slice(0, 200);
  if (responseCode >= 500) return { outcome: "refused", because };
  if (responseCode >= 400 || !whole) return { outcome: "unreachable", because };
  return { outcome: "uncertain", because };
}

/** Hears what the sender does, which tells of no address and no secret, and writes nothing. */
function silentLogger(hear: (entry: { tnx?: unknown }) => void) {
  const none = () => undefined;
  const info = (entry: unknown) => hear((entry ?? {}) as { tnx?: unknown });
  return { level: none, trace: none, debug: none, info, warn: none, error: none, fatal: none };
}

/** Gives up on a relay that drips: each silence is bounded by the sender, the whole is by this. */
async function withEnd<T>(sent: Promise<T>, wait: number): Promise<T> {
  const end = Promise.withResolvers<never>();
  const timer = setTimeout(() => end.reject(new Error("pas de réponse")), wait);
  try {
    return await Promise.race([sent, end.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lines stand, everything else that is not seen does not. */
const plain = (text: string) => text.split("\n").map(oneLine).join("\n");

function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
}
