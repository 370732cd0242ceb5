import ts from "typescript";
import { describe, expect, it } from "vitest";
import { findInProduct, PRODUCT } from "../support/product-source.ts";

/** Names of values that open something, and of what is compared in their place. */
const SECRET = /^(secret|token|password|passphrase|totp|recovery|mac|hmac|tag|signature|csrf|sealed|six)$/i;
const DIGEST = /(digest|hash|hmac|mac)$/i;
const EQUALITY = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

/** Comparisons of what is named so, file by file, and why they need not hide how long they take. */
const TIME_TELLS_NOTHING: Readonly<Record<string, readonly string[]>> = {
  "digests of rules and mappings, which pages show": [
    "agent/bus/presence.ts: sets.active !== hash",
    "agent/bus/presence.ts: sets.ready !== hash",
    "agent/intake/live-mappings.ts: report.hash === hash",
    "agent/intake/live-rules.ts: hashOf(wanted) === report.hash",
    "agent/intake/note-rules.ts: change.hash === change.before",
    "agent/intake/serve-rules.ts: waits?.hash === hash",
    "agent/receiver.ts: hash === activeElsewhere",
    "agent/rules-now.ts: hash !== before",
    "connectors/mapping/load-mappings.ts: last?.digest === digest",
  ],
  "digests without a key, beside the bytes that they are of": [
    "agent/anchor/compare-anchors.ts: hash !== checkpoint.hash",
    "agent/bus/decode-units.ts: sha256Hex(bytes.subarray(DIGEST_BYTES)) !== digest",
    "agent/intake/relp/repeats.ts: mark.digest !== message.digest",
    "agent/intake/relp/repeats.ts: message.digest !== mark.digest",
    'agent/stages/desk/logbook-desk.ts: digest.digest("hex") !== sha256',
    'agent/store/backup/read-backup.ts: sha256.digest("hex") !== part.sha256',
    'agent/store/backup/write-backup.ts: sha256.digest("hex") === part.sha256',
    'agent/store/bundle-attachments.ts: createHash("sha256").update(bytes).digest("hex") !== sha256',
    "agent/store/bundle-faults.ts: heads.get(seq) !== hash",
    "agent/store/compare-chains.ts: hash(one, middle) === hash(other, middle)",
    "agent/store/proof.ts: bodyHash(entry) !== entry.bodyHash",
    "agent/store/proof.ts: contentHash(String(salt), content) === entry.contentHash",
    "agent/store/proof.ts: entryHash(entry.previous, entry.bodyHash) !== entry.hash",
    'agent/store/sql/attachment-writes.ts: digest.digest("hex") !== sha256',
    'agent/store/verify-attachments.ts: digest.digest("hex") === sha256',
    "agent/store/verify-tables.ts: sha256Hex(content) !== digest",
    "agent/store/verify.ts: checkpoint.hash === head",
    "agent/web/serve-assets.ts: request.query.v === hash",
  ],
  "the spelling of a signature, which a public key then judges": [
    'agent/store/bundle.ts: signed.toString("base64url") !== signature',
    'agent/store/read-checkpoints.ts: bytes.toString("base64url") !== signature',
  ],
  "values of our own side alone": [
    "agent/store/sql/people-writes.ts: before?.totp === totp",
    "config/check-sources.ts: each.secret === secret",
  ],
  "no secret: the tag of a record": [
    "connectors/inbound/syslog/parse.ts: tag !== AlertTag.noTime",
    "connectors/mapping/put.ts: each !== tag",
  ],
};

/** Files, or folders, that open connections, and why they need not go by the guarded way out (connectors/shared/egress). */
const CONNECTS: Readonly<Record<string, string>> = {
  "connectors/shared/egress/": "the guarded way out itself",
  "connectors/shared/mail/send-mail.ts": "SMTP to the relay of the configuration",
  "agent/bus/": "NATS, at the servers of the configuration",
  "agent/store/migrate/postgres-side.ts": "the same PostgreSQL, for a record that moves",
  "agent/store/postgres/": "PostgreSQL, at the address of the configuration",
  "agent/intake/poll/ask.ts": "an index of the configuration, most often inside",
  "agent/canary/send.ts": "our own listeners",
  "agent/telemetry/open-traces.ts": "the collector of the configuration, most often on the same machine",
  "agent/web/oidc.ts": "the identity provider of the configuration, by its own library",
  "agent/cli/check/check-ports.ts": "a command: our own ports",
  "agent/cli/check/check-store.ts": "a command: the PostgreSQL of the configuration",
  "agent/intake/udp.ts": "our own listener",
  "agent/cli/demo/delegate.ts": "the demonstration, on the loopback",
  "agent/cli/exercise/open-sender.ts": "a command: alerts of an exercise to our own listeners",
  "agent/cli/exercise/play.ts": "a command: alerts of an exercise to our own listeners",
};
/** Where a certificate is not verified as usual, with what is done instead. */
const UNVERIFIED = [
  // The fingerprint of the very file that the listener shows.
  "agent/canary/send.ts: checkServerIdentity",
  // The one certificate of our own listener, read from its file, by whatever name.
  "agent/cli/exercise/open-sender.ts: checkServerIdentity",
  // Whether clients are asked for a certificate; what they show is judged.
  "agent/tls.ts: rejectUnauthorized",
];
const CONNECTING =
  /^(axios|openid-client|nodemailer|pg|undici|@nats-io\/transport-node|@opentelemetry\/exporter-trace-otlp-http)$/;

/** Files that start programs, and which. */
const STARTS: Readonly<Record<string, string>> = {
  "agent/cli/check/check-time.ts": "timedatectl",
  "agent/key-ring.ts": "the command of `encryption.keys`, as the configuration writes it, word by word",
  "agent/service-manager.ts": "systemd-notify, by its path",
  "agent/start-search.ts": "Tocsin itself",
};
/** `gc` alone, of a literal. */
const NEW_CONTEXT = ['agent/threads/settle.ts: runInNewContext("gc")'];

/** The last name of an expression: `c` of `a.b.c`; that of what is called, too. */
function nameOf(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isCallExpression(node) || ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node))
    return nameOf(node.expression);
  return undefined;
}

const isPlain = (node: ts.Expression) =>
  ts.isLiteralExpression(node) ||
  ts.isTypeOfExpression(node) ||
  node.kind === ts.SyntaxKind.NullKeyword ||
  (ts.isIdentifier(node) && node.text === "undefined") ||
  (ts.isPropertyAccessExpression(node) && node.name.text === "length");

/** The module that an import, static or not, names. */
function moduleOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) && node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword)
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : "?";
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [named] = node.arguments;
  return named !== undefined && ts.isStringLiteral(named) ? named.text : "?";
}

const filesOf = (found: readonly string[]) =>
  [...new Set(found.map((each) => each.split(": ")[0]))].toSorted();

describe("the source of the program", { timeout: 120_000 }, () => {
  it("is read: the checks below do not pass for want of files", () => {
    expect(PRODUCT.length).toBeGreaterThan(500);
    expect(PRODUCT).toEqual(expect.arrayContaining(["agent/main.ts", "agent/web/gate.ts", "config/load.ts"]));
  });

  it("compares no secret in a time that tells of it", () => {
    const found = findInProduct((node) => {
      if (!ts.isBinaryExpression(node) || !EQUALITY.has(node.operatorToken.kind)) return undefined;
      if (isPlain(node.left) || isPlain(node.right)) return undefined;
      const names = [nameOf(node.left), nameOf(node.right)].map((name) => name ?? "");
      return names.some((name) => SECRET.test(name) || DIGEST.test(name)) ? node.getText() : undefined;
    });
    expect(found.toSorted()).toEqual(Object.values(TIME_TELLS_NOTHING).flat().toSorted());
  });

  it("compares in constant time what it is given with what it knows, wherever that is done", () => {
    const calls = findInProduct((node) =>
      ts.isCallExpression(node) && node.expression.getText() === "timingSafeEqual" ? "compared" : undefined,
    );
    expect(filesOf(calls)).toEqual([
      "agent/intake/http/authenticate.ts",
      "agent/intake/signature.ts",
      "agent/stages/links/link-codes.ts",
      "agent/store/backup/age-header.ts",
      "agent/web/decisions-api.ts",
      "agent/web/password.ts",
      "agent/web/second-factor.ts",
    ]);
  });

  it("connects out by the guarded way, or from a file that is listed with its reason", () => {
    const found = findInProduct((node) => {
      const named = moduleOf(node);
      if (named !== undefined && CONNECTING.test(named)) return named;
      if (!ts.isCallExpression(node)) return undefined;
      const called = node.expression.getText();
      return /^(fetch|connect|connectTls|createSocket|https?\.(request|get)|tls\.connect|net\.connect)$/.test(
        called,
      )
        ? called
        : undefined;
    });
    const listed = Object.keys(CONNECTS);
    expect(filesOf(found).filter((file) => !listed.some((each) => file?.startsWith(each)))).toEqual([]);
    expect(listed.filter((each) => !found.some((file) => file.startsWith(each)))).toEqual([]);
  });

  it("starts no program but those that are listed, and none by a shell", () => {
    const importing = findInProduct((node) =>
      moduleOf(node) === "node:child_process" ? "starts" : undefined,
    );
    expect(filesOf(importing)).toEqual(Object.keys(STARTS).toSorted());
    const shells = findInProduct((node) => {
      if (ts.isPropertyAssignment(node) && node.name.getText() === "shell") return node.getText();
      if (!ts.isCallExpression(node)) return undefined;
      return /^(exec|execSync)$/.test(node.expression.getText()) ? node.getText() : undefined;
    });
    expect(shells).toEqual([]);
  });

  it("runs nothing that was text: no eval, no function made of words, no module of a name that is computed", () => {
    const found = findInProduct((node) => {
      if (moduleOf(node) === "?") return node.getText();
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
      const called = node.expression.getText();
      return /^(eval|Function|(vm\.)?(runIn\w+|compileFunction|Script))$/.test(called)
        ? node.getText()
        : undefined;
    });
    expect(found).toEqual(NEW_CONTEXT);
  });

  it("turns off the verification of no certificate", () => {
    const found = findInProduct((node) =>
      ts.isPropertyAssignment(node) &&
      /^(rejectUnauthorized|checkServerIdentity|NODE_TLS_REJECT_UNAUTHORIZED)$/.test(node.name.getText()) &&
      node.initializer.kind !== ts.SyntaxKind.TrueKeyword
        ? node.name.getText()
        : undefined,
    );
    expect(found).toEqual(UNVERIFIED);
  });
});
