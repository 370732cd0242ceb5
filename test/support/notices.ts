import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "./daemon.ts";

/** What a service manager would hear, on a real datagram socket. */
export interface Heard {
  socket: string;
  /** Every message so far, without the barriers that only wait for those before them. */
  notices(): string[];
  /** Waits until so many messages begin so. */
  until(beginning: string, count?: number): Promise<void>;
  end(): Promise<void>;
}

/** What is received is read without its file descriptors, so that they close: that is what a barrier waits for. */
const LISTENER = `
import json, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print(json.dumps("listening"), flush=True)
while True:
    print(json.dumps(listener.recv(65536).decode()), flush=True)
`;

/** Listens as a service manager does, on a socket in `folder`. */
export async function listenToNotices(folder: string): Promise<Heard> {
  const socket = join(folder, "notify.socket");
  const child = spawn("python3", ["-c", LISTENER, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const heard: string[] = [];
  lines.on("line", (line) => heard.push((JSON.parse(line) as string).trimEnd()));
  await once(lines, "line");
  heard.length = 0;
  const notices = () => heard.filter((notice) => notice !== "BARRIER=1");
  return {
    socket,
    notices,
    async until(beginning, count = 1) {
      const found = () => notices().filter((notice) => notice.startsWith(beginning)).length >= count;
      await eventually(`${count} × ${JSON.stringify(beginning)}`, () => found() || undefined);
    },
    async end() {
      child.kill();
      await once(child, "exit");
    },
  };
}
