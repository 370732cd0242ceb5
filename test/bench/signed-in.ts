import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { codeOf, FACILITY, type House } from "../support/daemon.ts";
import { hiddenFields } from "../support/web-visitor.ts";

/** What a page was answered with: how long it took to its last byte, ms, and what came over the wire. */
export interface Fetched {
  status: number;
  milliseconds: number;
  /** As it came: packed, for most. */
  bytes: Buffer;
  packed: boolean;
}

/** Asked for again until it is no page of waiting, ms. */
const READING = 500;

/** What opens an account. */
export interface Means {
  login: string;
  password: string;
  totp: string;
}

/** The delegate of every house. */
export function delegateOf({ accounts }: House): Means {
  return { login: "anne.martin", ...accounts["anne.martin"] };
}

/** A browser that is signed in, on kept connections. */
export interface Browser {
  get(path: string): Promise<Fetched>;
  /** Opens a page and posts a form of it with its hidden fields and these. */
  submit(page: string, action: string, fields: Record<string, string>): Promise<Fetched>;
  close(): void;
}

/** Signs somebody in, who asks for one page after the other unless given more `connections`. */
export async function signIn(
  people: string,
  means: Means,
  { connections = 1, code = codeOf(means) } = {},
): Promise<Browser> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const cookies = new Map<string, string>();

  async function send(path: string, form?: Record<string, string>): Promise<Fetched> {
    const begin = performance.now();
    const body = form && new URLSearchParams(form).toString();
    const ask = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const sent = request(
          new URL(path, people),
          {
            agent,
            method: body === undefined ? "GET" : "POST",
            headers: {
              "accept-encoding": "gzip",
              cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
              ...(body !== undefined && {
                "content-type": "application/x-www-form-urlencoded",
                "content-length": Buffer.byteLength(body),
              }),
            },
          },
          resolve,
        );
        // A kept connection may be closed just as it is used again: browsers ask anew.
        sent.on("error", (error: NodeJS.ErrnoException) =>
          sent.reusedSocket && error.code === "ECONNRESET" ? resolve(ask()) : reject(error),
        );
        sent.end(body);
      });
    const answer = await ask();
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return {
      status: answer.statusCode ?? 0,
      milliseconds: performance.now() - begin,
      bytes: Buffer.concat(chunks),
      packed: answer.headers["content-encoding"] === "gzip",
    };
  }

  const door = `/${FACILITY}/connexion`;
  const form = hiddenFields(textOf(await send(door)), door);
  const { login, password } = means;
  const entered = await send(door, { ...form, login, password, code });
  if (entered.status !== 303) throw new Error(`sign-in of ${login}: ${entered.status}`);
  return {
    get: (path) => send(path),
    async submit(page, action, fields) {
      return send(action, { ...hiddenFields(textOf(await send(page)), action), ...fields });
    },
    close: () => agent.destroy(),
  };
}

/** Resolves once the register is read and shown. */
export async function registerRead(browser: Browser): Promise<void> {
  while ((await browser.get(`/${FACILITY}/registre`)).status === 503) await setTimeout(READING);
}

/** What came, unpacked. */
export function textOf({ bytes, packed }: Fetched): string {
  return (packed ? gunzipSync(bytes) : bytes).toString();
}
