/** An alert as Wazuh 4 hands it to an integration; a rule recognises it. */
export const alertOf = (id: string, full_log = `vssadmin.exe delete shadows /all /quiet (${id})`) =>
  JSON.stringify({
    timestamp: "2026-11-15T02:11:02.000+0100",
    rule: { level: 12, description: "Volume shadow copies removed", id: "100200", groups: ["windows"] },
    agent: { id: "031", name: "pacs-01", ip: "192.0.2.10" },
    manager: { name: "gestionnaire" },
    id,
    full_log,
    decoder: { name: "json" },
    location: "EventChannel",
  });
/** What Splunk hands to an alert action. */
export const payloadOf = (sid: string, result: Record<string, unknown> = {}) =>
  JSON.stringify({
    app: "search",
    owner: "admin",
    results_file: "/opt/splunk/var/run/splunk/dispatch/1/results.csv.gz",
    results_link: `https://splunk.example.org:8000/app/search/@go?sid=${sid}`,
    search_name: "Sauvegardes supprimées",
    server_host: "tete-01",
    server_uri: "https://127.0.0.1:8089",
    session_key: "a session key of Splunk",
    sid,
    configuration: { note: "a setting" },
    result: { host: "pacs-01", _raw: "vssadmin delete shadows /all", severity: "high", ...result },
  });
