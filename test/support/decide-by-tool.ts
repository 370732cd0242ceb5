import { Webhook } from "standardwebhooks";
import type { Declaration } from "../../agent/core/declaration.ts";
import { codeOf, type Daemon, type House } from "./daemon.ts";

/** Sends a decision of Anne Martin on a text as another tool does, signed and with her code; `over` replaces members. */
export async function decideByTool(
  daemon: Pick<Daemon, "people">,
  house: House,
  text: Pick<Declaration, "id" | "version" | "sha256"> | undefined,
  {
    over = {},
    secret = house.toolSecret,
    id = `msg-${Math.random()}`,
    at = new Date(),
  }: {
    over?: Record<string, unknown>;
    secret?: string | undefined;
    id?: string | undefined;
    /** What the tool's clock says. */
    at?: Date;
  } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { id: declaration, version, sha256 } = text ?? {};
  const body = JSON.stringify({
    declaration,
    version,
    sha256,
    decision: "approved",
    delegate: "anne.martin",
    code: codeOf(house.accounts["anne.martin"], at.getTime()),
    ...over,
  });
  const response = await fetch(`${daemon.people}/api/v1/decisions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "tocsin-tool": "soc",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(secret).sign(id, at, body),
    },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
