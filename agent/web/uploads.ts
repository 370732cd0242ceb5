import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import type { MulterError, StorageEngine } from "multer";
import { messageOf } from "../core/errors.ts";
import { ATTACHMENTS } from "../core/logbook.ts";
import { safeFileName } from "../core/safe-file-name.ts";
import type { GivenFile } from "../stages/desk/desk.ts";
import { formatBytes } from "../stages/french.ts";
import { isFromElsewhere, personWho } from "./gate.ts";
import { PageError } from "./page-error.ts";
import { allowTime } from "./slow-requests.ts";

/** Most bytes of one recording that a person has searched. */
export const RECORDING_BYTES = 200_000_000;

/** The forms that take files, by address below the facility: everywhere else they are refused unread. */
const FORMS = [
  {
    path: /^\/incidents\/[^/]+\/(?:notes|suivi\/echanges)$/,
    field: "files",
    most: ATTACHMENTS.perNote,
    bytes: ATTACHMENTS.bytes,
  },
  {
    path: /^\/incidents\/[^/]+\/obligations\/[^/]+\/notifier$/,
    field: "receipt",
    most: 1,
    bytes: ATTACHMENTS.bytes,
  },
  { path: /^\/incidents\/[^/]+\/depot$/, field: "receipt", most: 1, bytes: ATTACHMENTS.bytes },
  { path: /^\/incidents\/[^/]+\/recherche\/fichier$/, field: "recording", most: 1, bytes: RECORDING_BYTES },
] as const;
type FileForm = (typeof FORMS)[number];

/** Text fields of one form, and bytes of one of them. */
const FIELDS = { fields: 40, fieldSize: 128 * 1024, fieldNameSize: 100, headerPairs: 50 } as const;
const PIECE = 256 * 1024;
/** Forms with files received at once: a bound on what lies in the folder. */
const AT_ONCE = 8;

/** A file that was received, in a place of its own until the answer is given. */
export interface ReceivedFile extends GivenFile {
  path: string;
}

/** What came with a form: the files, or why they cannot be taken, in French, with nothing of them left. */
export interface Received {
  files: ReceivedFile[];
  trouble: string | null;
}

/** What a form brought besides its fields; nothing when it was sent without files. */
export function receivedWith(response: Response): Received {
  return response.locals.received ?? { files: [], trouble: null };
}

/**
 * Receives the files of forms that take some into `folder`, as they come: no file is held in memory, none stays once
 * the answer is given, nor after a start. Runs before the check that a form is ours, whose token is a field among
 * others, and after the sign-in: nobody else makes us write anything.
 */
export function receiveFiles(folder: string): RequestHandler {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let underWay = 0;
  let readers: Map<FileForm, RequestHandler> | undefined;

  return async (request: Request, response: Response, next: NextFunction) => {
    if (request.method !== "POST") return next();
    const form = FORMS.find(({ path }) => path.test(request.path));
    if (form === undefined) {
      if (request.is("multipart/*")) throw new PageError(400, NOT_HERE);
      return next();
    }
    if (request.is("application/x-www-form-urlencoded")) return next();
    if (!request.is("multipart/form-data")) throw new PageError(400, UNREADABLE);
    // Before anything is read: who may not write here sends nothing.
    personWho(response, "answer");
    if (isFromElsewhere(request)) return next();
    // Read when the first file comes: what fails then is tried again with the next.
    readers ??= readersInto(folder, (await import("multer")).default);
    const reader = readers.get(form);
    // Who left meanwhile is waited for no more: nothing would tell that they are gone.
    if (response.closed || request.destroyed) return;
    if (underWay >= AT_ONCE) throw new PageError(503, BUSY);
    underWay++;
    allowTime(response);
    const files: ReceivedFile[] = [];
    const remove = () => {
      for (const { path } of files) void rm(path, { force: true });
    };
    response.once("close", () => {
      underWay--;
      remove();
    });
    const thrown = await new Promise<unknown>((resolve) => {
      void reader?.(request, response, resolve);
    });
    // Of what failed, nothing is left: multer took away what it had.
    const kept = thrown == null ? ((request.files ?? []) as Kept[]) : [];
    for (const { path, originalname, mimetype, size, sha256 } of kept)
      files.push({ path, name: originalname, type: mimetype, size, sha256, pieces: () => piecesOf(path) });
    if (response.closed) return remove();
    const trouble = thrown == null ? namelessTrouble(request, form) : troubleOf(thrown, form);
    response.locals.received = { files: trouble === null ? files : [], trouble } satisfies Received;
    next();
  };
}

/** What reads each of the forms. */
function readersInto(folder: string, multer: typeof import("multer")): Map<FileForm, RequestHandler> {
  return new Map(
    FORMS.map((form) => {
      const { field, most, bytes } = form;
      const limits = { ...FIELDS, fileSize: bytes, parts: FIELDS.fields + most + 1 };
      const storage = temporary(folder);
      const options = { storage, limits, defParamCharset: "utf8", streamHandler: countNameless };
      return [form, multer(options).array(field, most)];
    }),
  );
}

type Kept = Express.Multer.File & { sha256: string };

/** Writes each file under a name of ours that only this account may read, with its fingerprint. */
function temporary(folder: string): StorageEngine {
  return {
    _handleFile(_request, file, done) {
      const path = join(folder, randomUUID());
      const digest = createHash("sha256");
      let size = 0;
      const told = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          size += chunk.length;
          digest.update(chunk);
          yield chunk;
        }
      };
      pipeline(file.stream, told, createWriteStream(path, { flags: "wx", mode: 0o600 })).then(
        () => done(null, { path, size, sha256: digest.digest("hex") } as Partial<Express.Multer.File>),
        (error: unknown) => void rm(path, { force: true }).finally(() => done(error)),
      );
    },
    _removeFile(_request, file, done) {
      rm(file.path, { force: true }).then(() => done(null), done);
    },
  };
}

const nameless = new WeakSet<object>();

/** multer passes over a file without a name; that its bytes are not taken has to be said. */
function countNameless(request: Request, parser: NodeJS.WritableStream): void {
  parser.on("file", (_field: string, stream: NodeJS.ReadableStream, { filename }: { filename?: string }) => {
    if (!filename) stream.on("data", () => nameless.add(request));
  });
  request.pipe(parser);
}

function namelessTrouble(request: Request, { field }: FileForm): string | null {
  // One that declares a text comes as a field.
  return nameless.has(request) || (request.body?.[field] ?? "") !== ""
    ? "Un fichier est arrivé sans nom : donnez-lui un nom, puis joignez-le de nouveau."
    : null;
}

/** An error of the parser, which is not loaded before a file comes. */
function isOfParser(thrown: unknown): thrown is MulterError {
  return thrown instanceof Error && thrown.name === "MulterError";
}

/** What went wrong with the files, in a sentence that names the file and says what to do. */
function troubleOf(thrown: unknown, { most, bytes, field }: FileForm): string {
  if (!isOfParser(thrown)) {
    const code = (thrown as { code?: unknown } | null)?.code;
    if (code === "ENOSPC" || code === "EDQUOT")
      return "Le disque du serveur est plein : prévenez l'astreinte informatique, et gardez vos fichiers.";
    return `L'envoi s'est interrompu avant la fin : recommencez (${safeReason(thrown)}).`;
  }
  const { filename } = thrown as MulterError & { filename?: string };
  const named = filename === undefined ? "Un fichier" : `Le fichier « ${safeFileName(filename)} »`;
  switch (thrown.code) {
    case "LIMIT_FILE_SIZE":
      return field === "recording"
        ? `${named} dépasse ${formatBytes(bytes)} : compressez-le (gzip), ou coupez-le.`
        : `${named} dépasse ${formatBytes(bytes)} : réduisez-le, ou notez où il est gardé.`;
    case "LIMIT_UNEXPECTED_FILE":
    case "LIMIT_FILE_COUNT":
      if (thrown.field !== field) return `${named} n'est pas attendu à cet endroit du formulaire.`;
      return most === 1
        ? `${named} est de trop : un seul fichier à la fois.`
        : `${named} est de trop : ${most} fichiers au plus. Joignez les suivants à une autre note.`;
    case "LIMIT_PART_COUNT":
    case "LIMIT_FIELD_COUNT":
      return "Ce formulaire a trop de parties : rouvrez la page, puis recommencez.";
    default:
      return "Un champ de ce formulaire est trop long ou illisible : raccourcissez le texte, puis recommencez.";
  }
}

/** Words of the parser alone: nothing of what was sent stands in them. */
function safeReason(thrown: unknown): string {
  return messageOf(thrown).slice(0, 80);
}

/** A file in pieces that are whole but for the last, so that the same bytes are always cut alike. */
function piecesOf(path: string): AsyncIterable<Buffer> {
  return createReadStream(path, { highWaterMark: PIECE });
}

const NOT_HERE = {
  title: "Pas de fichier ici",
  message: "Cette page ne prend pas de fichier : rien n'a été enregistré.",
  remedy: "Joignez le fichier à une note de la main courante de l'incident.",
};
const BUSY = {
  title: "Trop d'envois à la fois",
  message: "D'autres fichiers arrivent en ce moment : rien n'a été enregistré.",
  remedy: "Recommencez dans une minute.",
};
const UNREADABLE = {
  message: "Ce formulaire est arrivé sous une forme que Tocsin ne lit pas : rien n'a été enregistré.",
  remedy: "Rouvrez la page de l'incident dans un navigateur, puis recommencez.",
};
