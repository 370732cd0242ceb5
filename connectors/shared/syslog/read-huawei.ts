import type { SyslogHeader } from "./syslog-header.ts";

const SHAPE =
  /%%\d\d ?([A-Za-z][\w-]{0,40})\/([0-7])\/([A-Za-z0-9_]{1,64})(?:\([a-zA-Z]\))?(?:\[\d{1,10}\])?(?=:)/y;

/** Reads `%%01MODULE/SEVERITY/BRIEF(l)[7]:` of Huawei and H3C devices; the index of the message, if it is theirs. */
export function readHuawei(text: string, from: number, header: SyslogHeader): number | undefined {
  if (text.charCodeAt(from) !== 0x25 || text.charCodeAt(from + 1) !== 0x25) return undefined;
  SHAPE.lastIndex = from;
  const found = SHAPE.exec(text);
  if (found === null) return undefined;
  const [whole, facility = "", severity = "", mnemonic = ""] = found;
  header.mnemonic = {
    vendor: "huawei",
    facility,
    severity: Number(severity),
    mnemonic,
    length: whole.length,
  };
  const end = from + whole.length + 1;
  return text.charCodeAt(end) === 0x20 ? end + 1 : end;
}
