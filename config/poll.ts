import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/** TLS towards a server of others; all are PEM files. */
export const ClientTls = z.strictObject({
  /** The only authority trusted. (Default: those of the system.) */
  authority: z.string().min(1).optional(),
  /** Our own certificate, for servers that ask for one. */
  certificate: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  /** Name to find in the server's certificate, when it is not that of `url`. */
  server_name: z.string().min(1).optional(),
});

/** An index that is asked for its new documents: Elasticsearch, OpenSearch, the Wazuh indexer. */
export const Poll = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "give the address of the index, such as https://siem:9200" }),
    /** Names, patterns, aliases or data streams, separated by commas. */
    index: z
      .string()
      .regex(
        /^(?!\.{1,2}(?:,|$))[^\s/\\?#"<>|,]+(?:,(?!\.{1,2}(?:,|$))[^\s/\\?#"<>|,]+)*$/,
        "names or patterns of indices, separated by commas, such as wazuh-alerts-*",
      ),
    /** Query string syntax, or one query of the query DSL. (Default: every document.) */
    query: z.union([z.string().trim().min(1), z.record(z.string(), z.unknown())]).optional(),
    /** Date field that orders the documents. (Default: @timestamp.) */
    time_field: z.string().min(1).default("@timestamp"),
    /** Where the first reading begins; later ones go on from where the last one stood. (Default: now.) */
    start: z
      .union([z.literal("now"), z.iso.datetime({ offset: true }), z.iso.date()], {
        error: "write now, or a date such as 2026-11-15 or 2026-11-15T00:00:00Z",
      })
      .default("now"),
    /** (Default: 15.) */
    every_seconds: z.int().min(1).max(3600).default(15),
    /** Documents asked for at once. (Default: 500.) */
    page_size: z.int().min(1).max(10_000).default(500),
    /** How late a document may be indexed after its own time. (Default: 120.) */
    overlap_seconds: z.int().min(0).max(86_400).default(120),
    /** How long one answer may take. (Default: 30.) */
    timeout_seconds: z.int().min(1).max(300).default(30),
    /** Largest answer, once decompressed; a larger one is asked for again in smaller pages. (Default: 32 MiB.) */
    response_bytes: z
      .int()
      .min(64 * 1024)
      .max(256 * 1024 * 1024)
      .default(32 * 1024 * 1024),
    username: z.string().min(1).optional(),
    password: SecretSource.optional(),
    /** `id:key`, or both encoded in Base64 as Elasticsearch gives them. */
    api_key: SecretSource.optional(),
    /** Bearer token. */
    token: SecretSource.optional(),
    tls: ClientTls.optional(),
  })
  .superRefine((poll, { addIssue }) => {
    const problem = (path: PropertyKey[], message: string) => addIssue({ code: "custom", path, message });
    // What is no address was told already.
    if (!URL.canParse(poll.url)) return;
    const { protocol, hostname, username, password, search, hash } = new URL(poll.url);
    if (protocol === "http:" && !LOOPBACK.test(hostname))
      problem(["url"], "plain HTTP is for the loopback only; use https://");
    if (username !== "" || password !== "")
      problem(
        ["url"],
        "a secret is never written in the configuration; give username and password beside it",
      );
    if (search !== "" || hash !== "") problem(["url"], "leave out what follows ? or #");
    if ((poll.username === undefined) !== (poll.password === undefined))
      problem([poll.username === undefined ? "password" : "username"], "give username and password together");
    const ways = [poll.username ?? poll.password, poll.api_key, poll.token];
    if (ways.filter((way) => way !== undefined).length > 1)
      problem([], "give one of username with password, api_key or token");
    if (poll.tls !== undefined && protocol === "http:") problem(["tls"], "url is plain HTTP; use https://");
    if ((poll.tls?.certificate === undefined) !== (poll.tls?.key === undefined))
      problem(["tls"], "give certificate and key together");
    if (typeof poll.query === "object") {
      const names = Object.keys(poll.query);
      if (names.length !== 1 || names[0] === "query")
        problem(["query"], "give one query of the query DSL, such as { range: { rule.level: { gte: 7 } } }");
    }
  });
export type Poll = z.infer<typeof Poll>;
