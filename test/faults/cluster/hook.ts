import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One message that a webhook brought. */
export interface Called {
  /** What it can be recognised by when it comes again. */
  key: string;
  event: string;
  incident: string | null;
}

/** A receiver of webhooks that keeps what it took, and answers as told. (Default: that it took it.) */
export async function startHook(
  address: string,
  answer: (response: ServerResponse) => void = (response) => response.end("{}"),
): Promise<{ url: string; called: Called[]; stop(): Promise<void> }> {
  const called: Called[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => undefined);
    request.on("end", () => {
      const { data } = JSON.parse(Buffer.concat(parts).toString()) as { data: Omit<Called, "key"> };
      called.push({ key: String(request.headers["webhook-id"]), event: data.event, incident: data.incident });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}/`,
    called,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
