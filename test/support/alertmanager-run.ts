import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** Starts a real Alertmanager with a configuration, on a port of its own; it takes a moment to listen. */
export async function startAlertmanager(
  config: string,
  storage: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as { port: number };
  free.close();
  await once(free, "close");
  const listen = ["--cluster.listen-address=", `--web.listen-address=127.0.0.1:${port}`];
  const words = [`--config.file=${config}`, `--storage.path=${storage}`, ...listen];
  const running = spawn("prometheus-alertmanager", words, { stdio: "ignore" });
  const ended = once(running, "exit");
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      running.kill("SIGTERM");
      await ended;
    },
  };
}
