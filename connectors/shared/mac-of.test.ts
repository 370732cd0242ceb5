import { expect, it } from "vitest";
import { macOf } from "./mac-of.ts";

it.each([
  ["02:00:5e:10:00:01", "02-00-5E-10-00-01"],
  ["02-00-5e-10-00-01", "02-00-5E-10-00-01"],
  ["0200.5e10.0001", "02-00-5E-10-00-01"],
  ["02005E100001", "02-00-5E-10-00-01"],
  ["02:00:5e:ff:fe:10:00:01", "02-00-5E-FF-FE-10-00-01"],
  ["", ""],
  ["02:00:5e:10:00", "02:00:5e:10:00"],
  ["concentrateur", "concentrateur"],
  ["02:00:5e:10:00:0g", "02:00:5e:10:00:0g"],
])("%s is written %s", (value, expected) => {
  expect(macOf(value)).toBe(expected);
});
