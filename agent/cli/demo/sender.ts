import type { App } from "../../app.ts";
import { type LineTarget, openSender } from "../exercise/open-sender.ts";
import type { Way } from "./night.ts";

/** Sends the records of the demonstration to its daemon. */
export interface DemoSender {
  send(way: Way, record: string): Promise<void>;
  close(): Promise<void>;
}

export function openDemoSender(app: App, tokens: { alertmanager: string; wazuh: string }): DemoSender {
  const at = (transport: "udp" | "tcp" | "http") => {
    const found = app.listening.find((each) => each.transport === transport);
    if (found === undefined) throw new Error(`the demonstration needs a ${transport} listener`);
    return found;
  };
  const line = (transport: "udp" | "tcp"): LineTarget => ({ ...at(transport), transport });
  const [udp, tcp, http] = [line("udp"), line("tcp"), at("http")];
  const url = `http://${http.address}:${http.port}/api/v1/alerts`;
  const { lines, post, close } = openSender();
  return {
    async send(way, record) {
      if (way === "alertmanager" || way === "wazuh")
        return post({ url }, { connector: way, token: tokens[way] }, record);
      return lines(way === "udp" ? udp : tcp, [record], way === "tcp-counted");
    },
    close,
  };
}
