import { afterAll, beforeAll, expect, it } from "vitest";
import { EFFORT } from "../support/effort.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { faultsOf } from "./invariants.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import { unitsOf } from "./machine/night.ts";
import { planMachineFaults } from "./machine/plan-faults.ts";
import { runMachineFaults } from "./machine/run-faults.ts";

const SEED = 4;
const MS = 20_000 * EFFORT;
const UNITS = Math.ceil(MS / 3_000);

it("plans the same faults for the same seed, and others for another", () => {
  expect(planMachineFaults(SEED, MS)).toEqual(planMachineFaults(SEED, MS));
  expect(planMachineFaults(SEED, MS)).not.toEqual(planMachineFaults(SEED + 1, MS));
});

describePeer(gcc, "a machine that is broken at random", () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await startMachine({ systems: unitsOf(UNITS) });
  });
  afterAll(() => machine?.close());

  it("loses nothing, tells and files nothing twice, and files nothing that nobody approved", {
    timeout: 240_000 + 2 * MS,
  }, async () => {
    const plan = planMachineFaults(SEED, MS);
    const { findings, sent, decided } = await runMachineFaults(machine, plan, { ms: MS, units: UNITS });
    expect(faultsOf(findings)).toEqual({});
    expect(sent.acknowledged.size).toBeGreaterThan(0);
    expect(decided).toBeGreaterThan(0);
  });
});
