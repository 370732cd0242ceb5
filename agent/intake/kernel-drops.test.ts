import { describe, expect, it } from "vitest";
import { dropsIn, kernelDrops } from "./kernel-drops.ts";

const TABLE = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops             
  998: 0100007F:A0B3 0100007F:E727 01 00000000:00000000 00:00000000 00000000     0        0 347813 2 0000000042b795b3 3         
 2650: 0100007F:E727 00000000:0000 07 00000000:0001FE00 00:00000000 00000000  1000        0 347812 2 00000000ee23bd0d 1898      
`;

describe("dropsIn", () => {
  it.each([
    ["a socket", "0100007F:E727", 1898],
    ["another one, not by its peer", "0100007F:A0B3", 3],
    ["no socket of another port", "0100007F:E728", undefined],
    ["no socket of another address", "00000000:E727", undefined],
  ])("finds %s by its own address", (_, local, drops) => {
    expect(dropsIn(TABLE, local)).toBe(drops);
  });

  it.each([[""], ["  sl  local_address\n 1: 0100007F:E727\n"], ["\n\n"]])("makes nothing of %j", (table) => {
    expect(dropsIn(table, "0100007F:E727")).toBeUndefined();
  });
});

it("tells nothing of an address that is none", () => {
  expect(kernelDrops({ address: "localhost", port: 514 })).toBeUndefined();
});
