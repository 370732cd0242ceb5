import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, gcc, peer } from "../support/peer.ts";

const setpriv = peer("setpriv", "setpriv", "apt-get install util-linux");

let house: House | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.end("SIGKILL");
  house?.remove();
  [house, daemon] = [undefined, undefined];
});

describePeer(gcc, "a disk that went read-only", () => {
  it("is told as what it is, and written again once it takes writes", async () => {
    house = await makeHouse();
    const shim = join(house.directory, "unsynced.so");
    const flag = join(house.directory, "read-only");
    const shadow = join(house.directory, "shadow");
    mkdirSync(shadow);
    const source = join(import.meta.dirname, "unsynced.c");
    execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl", "-lpthread"]);
    const running = await startDaemon(house, {
      LD_PRELOAD: shim,
      UNSYNCED_WATCH: join(house.directory, "state"),
      UNSYNCED_SHADOW: shadow,
      UNSYNCED_READ_ONLY: flag,
    });
    daemon = running;
    const { generic } = house.tokens;
    writeFileSync(flag, "");
    expect((await post(running, "generic", generic, relevant("refused"))).status).toBe(503);
    await eventually("the log to say it", () =>
      running.log.some(({ remedy }) => String(remedy).includes("dmesg")) ? true : undefined,
    );
    expect((await fetch(`${running.people}/${FACILITY}/connexion`)).status).toBe(200);
    rmSync(flag);
    const ready = async () => (await fetch(`${running.operations}/readyz`)).status;
    await eventually("readiness to come back", async () => ((await ready()) === 200 ? true : undefined));
    expect((await post(running, "generic", generic, relevant("refused"))).status).toBe(202);
  });
});

/** Another account of every Linux, which may do nothing. */
const NOBODY = 65_534;

describePeer(setpriv, "a state directory of another account", () => {
  it.skipIf(process.getuid?.() !== 0).each([
    { what: "that is root's as a whole", theirs: false, file: undefined },
    { what: "in which one command was run as root", theirs: true, file: "tocsin.sqlite" },
  ])(
    "$what is refused at the start, with whose it is and the command that gives it back",
    async ({ theirs, file }) => {
      house = await makeHouse();
      const state = join(house.directory, "state");
      chmodSync(house.directory, 0o755);
      const readable = [
        house.config,
        ...readdirSync(house.directory).map((name) => join(house?.directory ?? "", name)),
      ];
      for (const path of readable.filter((each) => each !== state)) chmodSync(path, 0o644);
      if (theirs) {
        chownSync(state, NOBODY, NOBODY);
        for (const name of readdirSync(state))
          if (name !== file) chownSync(join(state, name), NOBODY, NOBODY);
      }
      const through = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
      const refused = await startDaemon(house, { NODE_COMPILE_CACHE: "" }, through).catch(
        (error: Error) => error.message,
      );
      const where = file === undefined ? state : join(state, file);
      expect(refused).toContain(`${where}: it belongs to uid 0, and this is run by nobody`);
      expect(refused).toContain(`chown -R nobody ${state}`);
    },
  );
});
