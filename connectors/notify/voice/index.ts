import { gateway } from "../../shared/notify/gateway.ts";

/** A call that a machine speaks, by whatever HTTP gateway rings the facility's telephones. */
export const voice = gateway({
  name: "voice",
  summary: "Voice call through an HTTP gateway described by templates",
  speaks: true,
});
