import { writeSync } from "node:fs";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { idsOf, startSending, unitOf } from "../support/bus-scene.ts";

/** A receiver that publishes until it is killed, and says on stdout which alerts were acknowledged to it. */
const settings = JSON.parse(process.argv[2] ?? "") as BusSettings;
const { publisher } = startSending(settings);

async function publishForever(): Promise<never> {
  for (let turn = 0; ; turn++) {
    const unit = unitOf(1 + (turn % 20));
    await publisher.publish(unit);
    writeSync(1, `${idsOf([unit]).join("\n")}\n`);
  }
}
await Promise.all([publishForever(), publishForever(), publishForever()]);
