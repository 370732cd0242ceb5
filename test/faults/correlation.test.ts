import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  post,
  startDaemon,
} from "../support/daemon.ts";

const RULES = `title: Badge refused
name: badge-refused
level: low
logsource: {category: alert}
detection: {sel: {message|contains: badge-refused-at-the-pharmacy}, condition: sel}
---
title: Many badges refused
id: many-badges-refused
level: high
correlation: {type: event_count, rules: badge-refused, group-by: user.name, timespan: 10m, condition: {gte: 6}}
tocsin: {title_fr: Badges refusés, reason_fr: Une personne essaie d'entrer dans la pharmacie.}
`;

let house: House | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.end("SIGKILL");
  house?.remove();
  [house, daemon] = [undefined, undefined];
});

const refused = (id: string) => ({
  event: { id },
  user: { name: "inconnu" },
  message: "badge-refused-at-the-pharmacy",
});

it("sees a series of which half came before a kill, and tells it once", async () => {
  house = await makeHouse({ more: "rules: [./badges.yml]" });
  writeFileSync(join(house.directory, "badges.yml"), RULES);
  const { generic } = house.tokens;
  const send = async (...ids: string[]) => {
    for (const id of ids)
      expect((await post(daemon as Daemon, "generic", generic, refused(id))).status).toBe(202);
  };
  /** Detections of the correlation, once the pipeline has taken in every detection. */
  const told = () =>
    eventually("all detections to be taken in", async () => {
      const record = (house as House).reads();
      try {
        const all = await record.detectionsAfter(FACILITY, 0, 100);
        const cursor = await record.cursor(FACILITY, "correlated");
        const incidents = await record.byState(FACILITY, "incident", [], { limit: 10 });
        if (cursor !== all.length) return undefined;
        return { fired: all.filter(({ detection }) => detection.rule.role === "correlation"), incidents };
      } finally {
        record.close();
      }
    });

  daemon = await startDaemon(house);
  await send("1", "2", "3");
  expect(await told()).toEqual({ fired: [], incidents: [] });
  await daemon.end("SIGKILL");

  daemon = await startDaemon(house);
  // The third is a repeat: it counts once.
  await send("3", "4", "5");
  expect(await told()).toEqual({ fired: [], incidents: [] });
  await daemon.end("SIGKILL");

  daemon = await startDaemon(house);
  await send("6", "7", "8");
  await eventually("the correlation", async () => ((await told()).fired.length > 0 ? true : undefined));
  const { fired, incidents } = await told();
  expect(fired.map(({ detection }) => [detection.rule.id, detection.based_on?.length])).toEqual([
    ["many-badges-refused", 6],
  ]);
  // What was counted belongs to the incident: the alert of the correlation and the six refusals.
  expect(incidents.map(({ content }) => content.alerts)).toEqual([7]);
  expect(await metric(daemon, 'tocsin_correlation_held{what="groups"}')).toBe(1);
  await daemon.end("SIGKILL");

  daemon = await startDaemon(house);
  await send("9", "10");
  expect((await told()).fired).toHaveLength(1);
}, 180_000);
