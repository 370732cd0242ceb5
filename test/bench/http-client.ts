import { Agent, request } from "node:http";
import type { Reading } from "./report.ts";
import { startWatch } from "./watch.ts";

/** What a request was answered with. */
export interface Answer {
  status: number;
  text: string;
}

/**
 * Posts bodies for a while with always `concurrency` requests under way on kept connections; resolves with the requests
 * answered a second after the warm-up, once each that was sent is answered.
 */
export async function postForAWhile(parts: {
  pid: number;
  url: string;
  headers: Record<string, string>;
  /** The next body, like no other. */
  body: () => string;
  /** Throws when an answer is not what it must be. */
  check: (answer: Answer) => void;
  concurrency: number;
  /** Seconds that are not measured, then seconds that are. */
  warmUp: number;
  seconds: number;
}): Promise<Reading> {
  const agent = new Agent({ keepAlive: true, maxSockets: parts.concurrency });
  const headers = { ...parts.headers, "content-type": "application/json" };
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let measured = 0;
  let watch: ReturnType<typeof startWatch> | undefined;

  async function client(): Promise<void> {
    for (let now = elapsed(); now < parts.warmUp + parts.seconds; now = elapsed()) {
      parts.check(await post(parts.body()));
      if (elapsed() < parts.warmUp) continue;
      watch ??= startWatch(parts.pid);
      measured++;
    }
  }
  function post(body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = { "content-length": Buffer.byteLength(body) };
      const sent = request(
        parts.url,
        { method: "POST", agent, headers: { ...headers, ...length } },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
          answer.on("error", reject);
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }
  try {
    await Promise.all(Array.from({ length: parts.concurrency }, client));
  } finally {
    agent.destroy();
  }
  if (watch === undefined) throw new Error("nothing was answered after the warm-up");
  return watch.read(measured);
}
