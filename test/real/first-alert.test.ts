import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteReads, type SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { startAlertmanager } from "../support/alertmanager-run.ts";
import { eventually, MAIN } from "../support/daemon.ts";
import { ROOT } from "../support/documents.ts";
import { freePorts } from "../support/free-ports.ts";
import { describePeer, itPeer, peer } from "../support/peer.ts";
import { type Rsyslog, rsyslog, startRsyslog } from "../support/rsyslog.ts";

const logger = peer("logger", "logger", "apt-get install bsdutils");
const curl = peer("curl", "curl", "apt-get install curl");
const alertmanager = peer(
  "Alertmanager",
  "prometheus-alertmanager",
  "apt-get install prometheus-alertmanager",
);
const python = peer("Python 3", "python3", "apt-get install python3");

const ANSWERS = [
  ...["--facility-id", "ch-x", "--facility-name", "CH X", "--profile", "ch", "--mode", "exercise"],
  ...["--login", "anne.martin", "--person", "Anne Martin"],
];
const PORTS = ["8470", "8471", "8472", "5514", "6514"];

describePeer([logger, curl], "what init prints, typed as it stands", () => {
  describe.each([
    ["on one machine", []],
    ["open to others, over TLS", ["--listen", "0.0.0.0", "--tls-name", "localhost"]],
  ] as const)("%s", (_, flags) => {
    let folder: string;
    let said: string;
    let daemon: ReturnType<typeof spawn>;
    let reads: SqliteReads;
    let log = "";
    const ports = new Map<string, string>();
    const sealed = flags.length > 0;
    /** The documented ports, which may be taken here, replaced by free ones, and folders of others by our own. */
    const here = (text: string) =>
      text
        .replace(/\b(8470|8471|8472|5514|6514)\b/g, (port) => ports.get(port) ?? port)
        .replaceAll("/etc/ssl/", `${folder}/`)
        .replaceAll("/etc/prometheus/", `${folder}/`);
    const sh = (command: string) =>
      spawnSync("sh", ["-c", here(command)], { cwd: folder, encoding: "utf8", timeout: 30_000 });
    /** The lines that follow one that begins so, as far as they are set in. */
    const setInUnder = (begin: string): string => {
      const lines = said.split("\n");
      const at = lines.findIndex((line) => line.startsWith(begin));
      expect(at, begin).toBeGreaterThanOrEqual(0);
      const rest = lines.slice(at + 1);
      const end = rest.findIndex((line) => !line.startsWith("  "));
      return rest
        .slice(0, end)
        .map((line) => line.slice(2))
        .join("\n");
    };
    const word = (begin: string) => new RegExp(`^${begin} : (.*)$`, "m").exec(said)?.[1] ?? "";
    const received = (text: string) =>
      eventually(`an alert of ${text}`, async () => {
        const found = await reads.detectionsAfter("ch-x", 0, 1000);
        return found.find(({ alert }) => JSON.stringify(alert).includes(text));
      });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "tocsin-first-"));
      const program = `"${process.execPath}" "${MAIN}"`;
      const environment = { ...process.env, TOCSIN_CALL: program, TOCSIN_START: `exec ${program} run` };
      const given = [MAIN, "init", ...ANSWERS, ...flags];
      said = execFileSync(process.execPath, given, {
        cwd: folder,
        env: environment,
        encoding: "utf8",
        input: "",
      });
      for (const [i, port] of (await freePorts(PORTS.length)).entries())
        ports.set(PORTS[i] ?? "", String(port));
      const config = join(folder, "config/tocsin.yml");
      writeFileSync(config, here(readFileSync(config, "utf8")));
      daemon = spawn("sh", ["-c", word("Démarrer")], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
      daemon.stderr?.setEncoding("utf8").on("data", (chunk) => (log += chunk));
      await eventually("readiness", () => (log.includes('"message":"ready"') ? true : undefined), 40);
      reads = openSqliteReads(join(folder, "state/tocsin.sqlite"));
    }, 60_000);
    afterAll(async () => {
      reads?.close();
      const ended = new Promise((resolve) => daemon?.once("exit", resolve));
      if (daemon?.kill("SIGTERM")) await ended;
      rmSync(folder, { recursive: true, force: true });
    });

    it("is found in order by the check, which sees that the daemon has the ports", () => {
      const { stdout, status } = sh(word("Vérifier"));
      expect(stdout).toContain("no problem found");
      expect(status).toBe(0);
    });

    if (sealed)
      it("copies the certificate that is to be trusted", () => {
        const command = setInUnder("Le certificat de l'autorité").trim();
        expect(sh(command)).toMatchObject({ status: 0, stderr: "" });
        expect(readFileSync(join(folder, "tocsin-ca.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
      });

    it("sends a first alert by logger and by curl, which opens an incident", async () => {
      const lines = setInUnder("Une première alerte").split("\n");
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        const { status, stderr, stdout } = sh(line);
        expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: "" });
        if (line.includes("curl")) expect(stdout).toContain('"rejected":[]');
      }
      const sources = await eventually("both alerts", async () => {
        const found = await reads.detectionsAfter("ch-x", 0, 1000);
        const ids = new Set(found.map(({ alert }) => alert.source));
        return ids.size >= 2 ? ids : undefined;
      });
      expect([...sources].sort()).toEqual(["autre", "journaux"]);
      await eventually("an incident", async () => {
        const [found] = await reads.byState("ch-x", "incident", [], { limit: 1 });
        return found;
      });
    });

    it("asks to sign in on the page that it names", () => {
      const page = /^Elle est, dans la minute, sur (\S+) ;/m.exec(said)?.[1] ?? "";
      const trust = sealed ? "--cacert tocsin-ca.pem " : "";
      const answer = sh(`curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' ${trust}${page}`);
      expect(answer).toMatchObject({ status: 0, stderr: "" });
      expect(answer.stdout).toMatch(/^303 https?:\/\/\S+\/connexion/);
    });

    itPeer(rsyslog, "forwards by rsyslog with the lines to paste", async () => {
      const pasted = here(setInUnder("rsyslog"));
      const sender: Rsyslog = startRsyslog(join(folder, "rsyslog"), {
        settings: pasted,
        action: `type="omfile" file="${join(folder, "beside.log")}"`,
      });
      appendFileSync(sender.watched, "by rsyslog vssadmin delete shadows /all\n");
      await received("by rsyslog").finally(() => sender.stop());
    });

    itPeer(alertmanager, "is told by Alertmanager with the lines to paste", async () => {
      copyFileSync(join(folder, "config/secrets/alertmanager.token"), join(folder, "tocsin.token"));
      const receiver = here(setInUnder("Alertmanager")).replace(/^/gm, "    ");
      const config = join(folder, "alertmanager.yml");
      writeFileSync(
        config,
        `route: { receiver: tocsin, group_wait: 100ms }\nreceivers:\n  - name: tocsin\n${receiver}\n`,
      );
      const running = await startAlertmanager(config, join(folder, "alertmanager"));
      try {
        const alert = { labels: { alertname: "HostDown", instance: "pacs-01", severity: "critical" } };
        await eventually("Alertmanager", async () => {
          const posted = await fetch(`${running.url}/api/v2/alerts`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify([alert]),
          }).catch(() => undefined);
          return posted?.ok ? true : undefined;
        });
        await received("HostDown");
      } finally {
        await running.stop();
      }
    });

    itPeer(python, "is told by the script of Wazuh at the address to paste", async () => {
      const hook = /<hook_url>(\S+)<\/hook_url>/.exec(here(setInUnder("Wazuh 4")))?.[1] ?? "";
      const home = join(folder, "ossec");
      for (const name of ["integrations", "etc", "logs"]) mkdirSync(join(home, name), { recursive: true });
      const from = join(ROOT, "deploy/integrations");
      for (const file of ["wazuh-4/custom-tocsin.py", "tocsin_push.py"])
        copyFileSync(join(from, file), join(home, "integrations", file.split("/").at(-1) ?? ""));
      copyFileSync(join(folder, "config/secrets/wazuh.token"), join(home, "etc/tocsin.token"));
      const ca = sealed ? { ca: join(folder, "tocsin-ca.pem") } : {};
      writeFileSync(join(home, "etc/tocsin.json"), JSON.stringify({ token_file: "tocsin.token", ...ca }));
      const rule = { level: 12, description: "by wazuh vssadmin delete shadows /all", id: "1" };
      const alert = {
        timestamp: new Date().toISOString(),
        id: "1.1",
        rule,
        agent: { name: "pacs-01" },
        manager: { name: "m" },
      };
      writeFileSync(join(home, "one.alert"), JSON.stringify(alert));
      const script = join(home, "integrations/custom-tocsin.py");
      const done = spawnSync("python3", [script, join(home, "one.alert"), "", hook], { encoding: "utf8" });
      expect(done).toMatchObject({ status: 0, stderr: "" });
      await received("by wazuh");
    });
  });
});
