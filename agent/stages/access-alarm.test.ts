import { describe, expect, it } from "vitest";
import { MASKS } from "../../test/support/masks.ts";
import { NIGHT } from "../../test/support/web-declaration.ts";
import { Account } from "../core/person.ts";
import { type Alarm, alarmMessage, alarmOfEach, isAlarm, planAlarm } from "./access-alarm.ts";
import type { Setup } from "./work.ts";

const alarm: Alarm = {
  what: "emergency_access",
  account: { id: "acc-s", name: "Accès de secours 1" },
  at: NIGHT,
  address: "192.0.2.7",
};
const setup = (mode: Setup["mode"] = "exercise") =>
  ({
    mode,
    masks: MASKS,
    facility: { id: "chv", name: "CH du Val", time_zone: "Europe/Paris" },
    notify: [
      { id: "astreinte", for: ["on_call"] },
      { id: "crochet", for: ["on_call", "delegate"] },
      { id: "sms", for: ["rssi"], reaches: "phone" },
    ],
  }) as unknown as Setup;
const person = (id: string, more: object) =>
  Account.parse({ id, login: id, name: id, role: "rssi", created: NIGHT, ...more });

describe("an unusual access", () => {
  it("is told at once on each channel of RSSI, director and delegates, one message a channel", () => {
    const planned = planAlarm(alarm, setup());
    expect(planned).toMatchObject([
      { effect: { key: `access:chv:crochet:emergency_access:acc-s:${NIGHT}`, due: NIGHT } },
      { effect: { key: `access:chv:sms:emergency_access:acc-s:${NIGHT}` } },
    ]);
    for (const write of planned) expect(write.write === "plan" && isAlarm(write.effect.payload)).toBe(true);
    expect(planAlarm(alarm, setup("observe"))).toEqual([]);
  });

  it("reaches each who has the contact, and no account that is closed or sealed", () => {
    const accounts = [
      person("a", { phone: "1" }),
      person("b", { email: "b@ch.example" }),
      person("c", { phone: "3", active: false }),
      person("d", { phone: "4", emergency: { sealed: { at: 0, by: "x" }, opened: null } }),
    ];
    const each = alarmOfEach({ channel: "sms", alarm }, { key: "k", accounts, reaches: "phone" });
    expect(each).toMatchObject([{ effect: { key: "k:a", payload: { channel: "sms", to: "a", alarm } } }]);
  });

  it.each([
    [alarm, "accès de secours ouvert", "192.0.2.7"],
    [{ ...alarm, what: "recovery_code", left: 4 } as Alarm, "code de secours utilisé", "Il en reste 4"],
    [
      { ...alarm, what: "passkey_suspect", passkey: "Clé bleue" } as Alarm,
      "clé d'accès suspecte",
      "Clé bleue",
    ],
  ])("says what happened and what to do: %j", (each, subject, text) => {
    const message = alarmMessage(each, { key: "k", setup: setup(), link: "https://t.example/chv/personnes" });
    expect(message).toMatchObject({ event: "access_used", exercise: true, incident: null });
    expect(message?.subject).toContain(`EXERCICE : ${subject}`);
    expect(message?.text).toContain(text);
    expect(alarmMessage(each, { key: "k", setup: setup("observe"), link: "" })).toBeUndefined();
  });
});
