import type { Inbound } from "../../contract.ts";
import { parseAuditd } from "./parse.ts";

/** The connector of the Linux audit system's own file, `/var/log/audit/audit.log`. */
export const auditd: Inbound = {
  name: "auditd",
  summary:
    "Records of the Linux audit system, as auditd writes them: raw, enriched, interpreted, with or without a node.",
  ways: ["text"],
  begins: ["type=", "node="],
  example: (text, at) =>
    `type=USER msg=audit(${(at / 1_000_000).toFixed(3)}:1): pid=1 uid=0 auid=0 ses=1 msg='${text}'`,
  parse: parseAuditd,
  recognise(text) {
    return /^\s{0,8}(?:node=\S{1,255} )?type=[A-Za-z0-9_]{1,64}(?:\[\d{1,5}\])? msg=audit\(\d/.test(
      text.slice(0, 360),
    )
      ? { certainty: 0.98, because: "it begins with the type and the stamp of an audit record" }
      : { certainty: 0, because: "no type with the stamp of an audit record" };
  },
};
