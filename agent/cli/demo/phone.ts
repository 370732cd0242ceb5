import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Message } from "../../../connectors/contract.ts";

/** Plays the telephones of the demonstration: checks the signature of each webhook and hands its message on. */
export async function openPhone(
  secret: string,
  ring: (whom: string, message: Message) => void,
): Promise<{ url: string; close(): void }> {
  const webhook = new Webhook(secret);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      const { data } = webhook.verify(
        Buffer.concat(chunks).toString("utf8"),
        request.headers as Record<string, string>,
      ) as { data: Message };
      ring((request.url ?? "/").slice(1), data);
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}
