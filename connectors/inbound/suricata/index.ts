import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { readsCut } from "../../shared/mend-json.ts";
import { peekJson } from "../../shared/peek-json.ts";
import { decodeSuricata, parseSuricata } from "./parse.ts";

export const suricata: Inbound = {
  name: "suricata",
  summary: "Suricata's eve.json: alerts, protocols, flows, files, statistics.",
  ways: ["text", "http"],
  begins: ["{", "[", "@cee: {"],
  example: (text, at) =>
    JSON.stringify({
      ...{ timestamp: isoFromInstant(at), flow_id: 1, in_iface: "lo", event_type: "alert" },
      ...{ src_ip: "127.0.0.1", dest_ip: "127.0.0.1" },
      alert: { action: "allowed", gid: 1, signature_id: 1, rev: 1, signature: text, severity: 4 },
    }),
  parse: readsCut(parseSuricata),
  decode: decodeSuricata,
  recognise(text) {
    const told = peekJson(text);
    if (told.has("firewall_name") && told.has("event.event_type"))
      return { certainty: 0.96, because: "it has firewall_name and event.event_type" };
    if (!told.has("event_type") || !told.has("timestamp"))
      return { certainty: 0, because: "it has no event_type with a timestamp" };
    const own = ["flow_id", "in_iface", "alert.signature_id", "stats.uptime", "pcap_cnt", "pkt_src"];
    const sign = own.find((name) => told.has(name));
    if (sign !== undefined) return { certainty: 0.96, because: `it has event_type and ${sign}` };
    return told.has("src_ip") && told.has("dest_ip")
      ? { certainty: 0.9, because: "it has event_type, src_ip and dest_ip" }
      : { certainty: 0.3, because: "it has event_type and a timestamp" };
  },
};
