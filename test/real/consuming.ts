import { writeSync } from "node:fs";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { loadSigningKey } from "../../agent/store/keys.ts";
import { openSqliteWriter } from "../../agent/store/sqlite/writer.ts";
import { startReceiving } from "../support/bus-scene.ts";

/** A correlator that commits to a record and is stuck before it can acknowledge, until it is killed. */
const [settings = "", token = "1", file = "", keyFile = ""] = process.argv.slice(2);
const writer = openSqliteWriter({ file, signingKey: loadSigningKey(keyFile), clock: systemClock });
startReceiving(JSON.parse(settings) as BusSettings, {
  token: Number(token),
  handle(units) {
    const done = writer.commitGroup(units);
    writeSync(1, `${done.map(({ outcome }) => outcome).join(" ")}\n`);
    return new Promise(() => {});
  },
});
