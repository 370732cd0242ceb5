import { type Draft, putField, putNewField } from "../draft.ts";
import { readPam } from "./read-pam.ts";
import { nameOf, tell, tellPeer, tellReason, tellUser } from "./tell.ts";

const AUTH = ["authentication"];

/**
 * Reads Dovecot's login lines, `imap-login: Login: user=<…>, method=PLAIN, rip=…, lip=…`, and what its auth process says.
 *
 * The user's name is the client's text: the last `rip=` is the server's.
 */
export const readDovecot = (draft: Draft, message: string): void => {
  let text = message.slice(0, 4096);
  const level = /^(?:dovecot: )?/.exec(text)?.[0].length ?? 0;
  text = text.slice(level);
  const service =
    /^([a-z0-9-]{2,32})(?:\([^()]{0,256}\))?(?:<[^<>]{0,64}>){0,2}: (?:(?:Info|Warning|Error): )?/.exec(text);
  if (service !== null) text = text.slice(service[0].length);
  if (readPam(draft, text)) return;
  const remote = text.lastIndexOf("rip=");
  if (remote >= 0) {
    readLogin(draft, text, remote, service?.[1]);
    return;
  }
  const asked = /^([a-z0-9-]{2,32})\((.{0,256}),([\da-f.:]{2,64})(?:,<[^<>]{0,64}>)?\): (.{1,1024})$/s.exec(
    text,
  );
  if (asked === null) return;
  const failed = /fail|mismatch|unknown user|not found|denied|invalid/i.test(asked[4] as string);
  tell(draft, {
    action: "mail_login",
    category: AUTH,
    type: ["info"],
    outcome: failed ? "failure" : undefined,
  });
  putField(draft, "passdb", asked[1] as string);
  tellUser(draft, { name: nameOf(draft, asked[2] as string) });
  tellPeer(draft, "source", asked[3] as string);
  tellReason(draft, asked[4] as string);
};

function readLogin(draft: Draft, text: string, remote: number, service: string | undefined): void {
  const success = text.startsWith("Login: ");
  const failed =
    !success && /^[^:]{0,64}\((?:auth failed|tried to use|client didn't|no auth|disconnected)/.test(text);
  tell(draft, {
    action: success || failed ? "mail_login" : "mail_disconnect",
    category: success || failed ? AUTH : ["network"],
    type: success ? ["start"] : failed ? ["info"] : ["connection", "end"],
    outcome: success ? "success" : failed ? "failure" : undefined,
  });
  if (service !== undefined) putField(draft, "service", service);
  const user = text.indexOf("user=<");
  const end = user < 0 ? -1 : text.lastIndexOf(">, ", remote);
  if (end > user && user >= 0) tellUser(draft, { name: nameOf(draft, text.slice(user + 6, end)) });
  const colon = text.indexOf(": ");
  if (!success && colon > 0) tellReason(draft, text.slice(0, colon));
  for (const [, key = "", value = ""] of text
    .slice(Math.max(end, 0))
    .matchAll(/(?:^|[ ,])(method|rip|lip|mpid|session)=<?([^,<>]{1,256})>?/g))
    if (key !== "rip" || value !== "") putNewField(draft, key, value);
  const [, host = ""] = /^rip=([^,\s]{2,64})/.exec(text.slice(remote)) ?? [];
  draft.fields.rip = host;
  tellPeer(draft, "source", host);
  const { lip } = draft.fields;
  if (typeof lip === "string") tellPeer(draft, "destination", lip);
}
