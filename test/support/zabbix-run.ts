import { createHash, createHmac } from "node:crypto";
import { createContext, Script } from "node:vm";

/** A webhook of Zabbix, as its export has it. */
export interface ZabbixMedia {
  script: string;
  parameters: { name: string; value: string }[];
  message_templates: { operation_mode: string; subject: string }[];
}

/** What whoever is posted to answers. */
export interface Answer {
  status: number;
  body: string;
}

/**
 * Prepares a run of the webhook's script as Zabbix does it: the macros that it knows are expanded, the others stay as
 * they are written, and nothing is sent but noted.
 */
export function zabbixRun(
  media: ZabbixMedia,
  run: { mode: string; macros: Record<string, string>; answer?: Answer | undefined },
) {
  const { mode, macros, answer = { status: 202, body: "{}" } } = run;
  const expand = (text: string): string =>
    text.replaceAll(/\{(\$?[A-Z.]+)\}/g, (macro, name: string) => macros[name] ?? macro);
  const subject =
    media.message_templates.find(({ operation_mode }) => operation_mode === mode)?.subject ?? "";
  const given = media.parameters.map(({ name, value }) => [
    name,
    value === "{ALERT.SUBJECT}" ? expand(subject) : expand(value),
  ]);
  const sent: { url: string; headers: Record<string, string>; body: string }[] = [];
  const logged: string[] = [];
  class HttpRequest {
    headers: Record<string, string> = {};
    addHeader(line: string) {
      const colon = line.indexOf(": ");
      this.headers[line.slice(0, colon)] = line.slice(colon + 2);
    }
    post(url: string, body: string) {
      sent.push({ url, headers: this.headers, body });
      return answer.body;
    }
    getStatus() {
      return answer.status;
    }
  }
  const context = createContext({
    value: JSON.stringify(Object.fromEntries(given)),
    HttpRequest,
    Zabbix: { log: (_level: number, text: string) => logged.push(text) },
    sha256: (text: string) => createHash("sha256").update(text).digest("hex"),
    hmac: (type: string, key: string, text: string) => createHmac(type, key).update(text).digest("hex"),
  });
  const work = () => new Script(`(function (value) {${media.script}\n})(value)`).runInContext(context);
  return { work, sent, logged };
}
