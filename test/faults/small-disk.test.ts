import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { openRelp } from "../support/relp-client.ts";
import type { Scene } from "../support/web-server.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

/** True where this account may mount a file system: a disk of its own is the only true one to fill. */
const mayMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();

describe.skipIf(!mayMount)("a disk of its own (needs the right to mount)", () => {
  let house: House;
  let daemon: Daemon;
  let person: Visitor;
  let state: string;
  beforeEach(async () => {
    house = await makeHouse({ listen: "{ transport: relp, port: 0 }" });
    state = join(house.directory, "state");
    const files = readdirSync(state);
    const kept = mkdtempSync(join(tmpdir(), "tocsin-kept-"));
    for (const file of files) copyFileSync(join(state, file), join(kept, file));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", state]);
    for (const file of files) copyFileSync(join(kept, file), join(state, file));
    rmSync(kept, { recursive: true });
    daemon = await startDaemon(house);
    person = visitor({ url: daemon.people } as Scene);
    const account = house.accounts["anne.martin"];
    const door = `/${FACILITY}/connexion`;
    const fields = { login: "anne.martin", password: account.password, code: codeOf(account) };
    expect((await person.submit(door, door, fields)).status).toBe(303);
  });
  afterEach(async () => {
    await daemon?.end("SIGKILL");
    execFileSync("umount", ["-l", state]);
    house?.remove();
  });

  const token = () => house.tokens.generic;
  const ballast = () => join(state, "ballast");
  function fill(): void {
    const { bavail, bsize } = statfsSync(state);
    try {
      writeFileSync(ballast(), Buffer.alloc(bavail * bsize));
    } catch {
      // As much as there was room for.
    }
  }
  const ready = async () => (await fetch(`${daemon.operations}/readyz`)).status;
  const health = async () => (await person.get(`/${FACILITY}/sante`)).text;

  /** Posts until one is not taken; resolves with what was acknowledged, and the answer that was none. */
  async function postUntilRefused(name: string) {
    const acknowledged: string[] = [];
    for (let i = 0; ; i++) {
      const alert = { ...relevant(`${name}-${i}`), more: "x".repeat(20_000) };
      const answer = await post(daemon, "generic", token(), alert);
      if (answer.status !== 202) return { acknowledged, answer };
      acknowledged.push(`${name}-${i}`);
    }
  }

  const long = (id: string) =>
    `<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all (${id}) ${"x".repeat(40_000)}`;

  it("acknowledges nothing when it is full, says so on pages that still work, and goes on by itself when there is room", async () => {
    await post(daemon, "generic", token(), relevant("before"));
    fill();
    const { answer } = await postUntilRefused("filling");
    expect(answer).toMatchObject({ status: 503, body: { title: "not_stored" } });
    await eventually("readiness to tell it", async () => ((await ready()) === 503 ? true : undefined));

    const relp = await openRelp(daemon.listening.find((each) => each.transport === "relp")?.port ?? 0);
    const sending = relp.send([long("relp")]);
    const socket = connect(daemon.tcp, "127.0.0.1");
    await once(socket, "connect");
    socket.write(`${long("tcp")}\n`);
    await eventually("what has no acknowledgement not to be read any more", async () =>
      (await metric(daemon, "tocsin_intake_held_back")) === 1 ? true : undefined,
    );
    expect(relp.acknowledged).toEqual([]);

    const page = await health();
    expect(page).toContain("Le disque est plein");
    expect(page).toContain("Tocsin reprendra de lui-même");
    expect((await person.get(`/${FACILITY}/incidents`)).status).toBe(200);
    expect(daemon.log).toContainEqual(
      expect.objectContaining({
        message: "the record cannot be written: nothing is acknowledged",
        remedy: expect.stringMatching(/make room/),
      }),
    );

    rmSync(ballast());
    await eventually("readiness to come back", async () => ((await ready()) === 200 ? true : undefined));
    expect((await post(daemon, "generic", token(), relevant("after"))).status).toBe(202);
    expect(await health()).toContain("Toutes les parties de Tocsin tournent");
    await sending;
    await eventually("what was held back to be stored", async () =>
      (await metric(daemon, "tocsin_intake_held_back")) === 0 ? true : undefined,
    );
    const lost = [
      'source="lines",transport="tcp",reason="not_stored"',
      'source="lines",transport="tcp",reason="refused"',
    ];
    for (const labels of lost) expect(await metric(daemon, `tocsin_intake_lost_total{${labels}}`)).toBe(0);
    socket.destroy();
    expect(await daemon.end("SIGTERM")).toBe(0);
    const { database, signingKey } = stateFiles(state);
    expect(verifyDatabase(database, loadPublicKey(signingKey), checkpointsFileOf(database))).toMatchObject({
      ok: true,
      faults: [],
    });
  });
});
