import { gateway } from "../../shared/notify/gateway.ts";

/** A short message, by whatever HTTP gateway sends the facility's SMS. */
export const sms = gateway({
  name: "sms",
  summary: "SMS through an HTTP gateway described by templates",
  speaks: false,
});
