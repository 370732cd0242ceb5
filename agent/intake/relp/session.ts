import { type RelpFault, relpFrames } from "./frames.ts";

/** Why a session is over, once its last answer can be sent. */
export type RelpEnd = "closed" | "fault" | "stopped";

export interface RelpEvents {
  /**
   * One message to decide; true when that is done, else it is among those that `decided` counts.
   * `number` is the place of its frame in the session (1 is the `open`), `data` is valid during the call only.
   */
  line(line: { number: number; data: Uint8Array; cut: boolean; length: number }): boolean;
  /** The client broke the protocol: nothing more of it is read. */
  fault(fault: RelpFault): void;
}

/** The server's side of one RELP session; it does no input or output. */
export interface RelpSession {
  /** Takes the next bytes of the client. */
  push(chunk: Uint8Array): void;
  /** The oldest messages that were not decided at once are now. */
  decided(count: number): void;
  /** Reads nothing more and says goodbye once what is undecided is decided. */
  stop(): void;
  /** What can be sent now, in the order of the transactions; each answer is handed out once. */
  answers(): string;
  /** Frames without an answer yet. */
  unanswered(): number;
  /** The place of the last whole frame in the session. */
  frames(): number;
  /** Set once the last answer is among those to send: the connection ends after it. */
  over(): RelpEnd | undefined;
}

const OK = "200 OK";
const LAST_TXNR = 999_999_999;
const SERVER_CLOSE = "0 serverclose 0\n";
/** The newest version spoken; never more than what the client offers. */
const VERSION = 1;

/** Opens a session with a client that has just connected. */
export function openSession(parts: { limit: number; software: string }, on: RelpEvents): RelpSession {
  let open = false;
  /** Why nothing more is read. */
  let ending: RelpEnd | undefined;
  let over: RelpEnd | undefined;
  let count = 0;
  let nextTxnr = 1;
  let out = "";
  /** Answers that wait for a message before them to be decided: the empty ones are those messages. */
  let queue: { txnr: number; text: string }[] = [];
  let first = 0;

  const push = relpFrames(
    parts.limit,
    ({ txnr, command, data, cut, length }) => {
      if (ending !== undefined) return;
      const name = `${txnr} ${command} ${length}`;
      if (txnr === 0) {
        if (!open) fail("relp_not_open", `the hint ${command} came before open`, name);
        return;
      }
      if (txnr !== nextTxnr) return fail("relp_bad_transaction", `transaction ${nextTxnr} was due`, name);
      nextTxnr = txnr === LAST_TXNR ? 1 : txnr + 1;
      count++;
      if (command === "syslog" && open) {
        if (on.line({ number: count, data, cut, length })) answer(txnr, OK);
        else queue.push({ txnr, text: "" });
      } else if (command === "open") answerOpen(txnr, data, name);
      else if (!open) fail("relp_not_open", `${command} came before open`, name);
      else if (command === "close") {
        answer(txnr, OK);
        end("closed");
      } else answer(txnr, "500 unknown command");
    },
    (fault) => {
      if (ending !== undefined) return;
      on.fault(fault);
      end("fault");
    },
  );

  function answerOpen(txnr: number, data: Uint8Array, name: string): void {
    // librelp repeats an `open` whose answer it missed inside the next session.
    if (open) {
      answer(txnr, "200 connection already open - ignored");
      return;
    }
    const offers = readOffers(data);
    const version = offers.get("relp_version")?.[0] ?? "";
    const commands = offers.get("commands") ?? [];
    const refused = !/^\d{1,9}$/.test(version)
      ? "relp_version is missing or no number"
      : !commands.includes("syslog")
        ? "the command syslog is not offered"
        : undefined;
    if (refused !== undefined) {
      answer(txnr, `500 ${refused}`);
      fail("relp_bad_offers", refused, name);
      return;
    }
    open = true;
    const chosen = Math.min(VERSION, Number(version));
    answer(txnr, `${OK}\nrelp_version=${chosen}\nrelp_software=${parts.software}\ncommands=syslog`);
  }

  function fail(code: RelpFault["code"], message: string, sample: string): void {
    on.fault({ code, message, sample: Buffer.from(sample) });
    end("fault");
  }

  function answer(txnr: number, text: string): void {
    if (queue.length > first) queue.push({ txnr, text });
    else out += frameOf(txnr, text);
  }

  function end(because: RelpEnd): void {
    if (ending !== undefined) return;
    ending = because;
    finish();
  }

  function finish(): void {
    if (ending === undefined || over !== undefined || queue.length > first) return;
    over = ending;
    out += SERVER_CLOSE;
  }

  return {
    push,
    decided(decisions) {
      for (let left = decisions; left > 0; left--) {
        const head = queue[first];
        if (head === undefined) return;
        head.text = OK;
        // What follows up to the next undecided message waited for this one only.
        for (let next = queue[first]; next !== undefined && next.text !== ""; next = queue[++first])
          out += frameOf(next.txnr, next.text);
      }
      if (first === queue.length || first > 4096) {
        queue = queue.slice(first);
        first = 0;
      }
      finish();
    },
    stop: () => end("stopped"),
    answers() {
      const ready = out;
      out = "";
      return ready;
    },
    unanswered: () => queue.length - first,
    frames: () => count,
    over: () => over,
  };
}

function frameOf(txnr: number, text: string): string {
  if (text === OK) return `${txnr} rsp 6 200 OK\n`;
  return `${txnr} rsp ${Buffer.byteLength(text)} ${text}\n`;
}

/** Reads `FEATURENAME ["=" VALUE *("," VALUE)]` a line; the first of a name counts. */
function readOffers(data: Uint8Array): Map<string, string[]> {
  const offers = new Map<string, string[]>();
  for (const line of Buffer.from(data.buffer, data.byteOffset, data.length).toString("latin1").split("\n")) {
    const equals = line.indexOf("=");
    const name = (equals < 0 ? line : line.slice(0, equals)).trim();
    const values = equals < 0 ? [] : line.slice(equals + 1).split(",");
    if (name !== "" && !offers.has(name))
      offers.set(
        name,
        values.map((value) => value.trim()),
      );
  }
  return offers;
}
