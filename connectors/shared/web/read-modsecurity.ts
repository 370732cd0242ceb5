import { tell, tellReason } from "../bodies/tell.ts";
import { clip, type Draft, putField } from "../draft.ts";
import { riskOfWord } from "../severity.ts";
import { putUrl } from "./put-url.ts";

const PAIR = / \[([a-z_]{2,16}) "/g;

/** Reads `ModSecurity: Access denied with code 403 (phase 2). … [id "…"] [msg "…"] [uri "…"]` in an error log's text. */
export function readModsecurity(draft: Draft, text: string): void {
  if (!text.startsWith("ModSecurity: ")) return;
  const said = text.slice(0, 16_384);
  const pairs = pairsOf(said);
  const denied = /Access denied(?: with code (\d{3}))?/.exec(said.slice(0, 64));
  tell(draft, {
    action: denied === null ? "web_rule_matched" : "access_denied",
    category: ["intrusion_detection", "web"],
    type: [denied === null ? "info" : "denied"],
    outcome: denied === null ? undefined : "success",
  });
  draft.event.kind = "alert";
  const first = said.search(/ \[[a-z_]{2,16} "/);
  tellReason(draft, first < 0 ? said : said.slice(0, first));
  const tags = pairs.filter(([key]) => key === "tag").map(([, value]) => value);
  for (const [key, value] of pairs) if (key !== "tag") putField(draft, key, value);
  if (tags.length > 0) putField(draft, "tag", tags);
  const got = (key: string) => pairs.find(([name]) => name === key)?.[1];
  const { alert, event } = draft;
  const [id, name, file] = [got("id"), got("msg"), got("file")];
  alert.rule = {
    ...alert.rule,
    ...(id === undefined ? {} : { id: clip(draft, id) }),
    ...(name === undefined ? {} : { name: clip(draft, name) }),
    ...(file === undefined ? {} : { ruleset: clip(draft, file) }),
  };
  const risk = riskOfWord(got("severity") ?? "");
  if (risk !== undefined) event.risk_score_norm = risk;
  const [uri, host] = [got("uri"), got("hostname")];
  if (uri !== undefined && alert.url?.original === undefined) putUrl(draft, uri);
  if (host !== undefined) alert.url = { ...alert.url, domain: alert.url?.domain ?? clip(draft, host) };
  if (denied?.[1] !== undefined)
    alert.http = { ...alert.http, response: { ...alert.http?.response, status_code: Number(denied[1]) } };
}

/** `[key "value"]`, in which a value's quotes are escaped. */
function pairsOf(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  PAIR.lastIndex = 0;
  for (let found = PAIR.exec(text); found !== null && pairs.length < 64; found = PAIR.exec(text)) {
    let end = PAIR.lastIndex;
    while (end < text.length && text.charCodeAt(end) !== 0x22) end += text.charCodeAt(end) === 0x5c ? 2 : 1;
    pairs.push([found[1] as string, text.slice(PAIR.lastIndex, end).replaceAll(/\\(["\\])/g, "$1")]);
    PAIR.lastIndex = Math.min(end, text.length);
  }
  return pairs;
}
