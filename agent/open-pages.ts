import type { RequestListener } from "node:http";
import type { LoadedConfig } from "../config/load.ts";
import { rulesOf } from "./run-retention.ts";
import { accessOf, toolsOf } from "./setup.ts";
import type { Desk } from "./stages/desk/desk.ts";
import { openDesk } from "./stages/desk/open-desk.ts";
import { openGroup } from "./stages/group/open-group.ts";
import { unknownAssets } from "./stages/note-unknown.ts";
import { openEliminations } from "./stages/retention/eliminations-desk.ts";
import { openOnCall } from "./stages/roster/open-on-call.ts";
import type { Setup } from "./stages/work.ts";
import { attempts } from "./web/attempts.ts";
import { type PeopleParts, peopleApp } from "./web/server.ts";
import { receiveFiles } from "./web/uploads.ts";

type DeskParts = Parameters<typeof openDesk>[0];
type OnCallParts = Parameters<typeof openOnCall>[0];

/** The pages of a daemon; they are made anew when its settings change, and no connection is lost by it. */
export interface Pages {
  desk(): Desk;
  listener: RequestListener;
  /** Makes them of the present settings. */
  renew(): void;
}

/** Opens the pages on what the rest of the daemon is. */
export function openPages(
  parts: Omit<
    PeopleParts,
    | "desk"
    | "tools"
    | "systems"
    | "sites"
    | "assets"
    | "onCall"
    | "unknown"
    | "access"
    | "uploads"
    | "attempts"
    | "publicUrl"
    | "retention"
    | "group"
  > &
    Pick<DeskParts, "pipeline" | "decided" | "unmasked" | "planned" | "codes"> &
    Pick<OnCallParts, "channels" | "page"> & {
      loaded: () => LoadedConfig;
      setup: Setup;
      publicUrl: () => string;
      /** The folder of files that are being received: emptied now, not when settings change. */
      uploads: string;
    },
): Pages {
  const { setup, store } = parts;
  const uploads = receiveFiles(parts.uploads);
  // Who tries passwords gains nothing by a change of settings.
  const counted = { pages: attempts(), tools: attempts(), links: attempts() };

  function make(): { desk: Desk; app: RequestListener } {
    const loaded = parts.loaded();
    const { assets, config } = loaded;
    const desk = openDesk(parts);
    const app = peopleApp({
      ...parts,
      desk,
      publicUrl: parts.publicUrl(),
      tools: toolsOf(loaded),
      systems: config.systems,
      sites: config.sites,
      assets,
      onCall: openOnCall(parts),
      group:
        config.group &&
        openGroup({
          ...{ store, facility: setup.facility.id, group: config.group },
          ...{ masks: parts.masks, clock: parts.clock },
        }),
      unknown: () =>
        unknownAssets({ reads: store.reads, facility: setup.facility.id, locate: setup.locate, assets }),
      access: accessOf(loaded, setup),
      retention: {
        rules: rulesOf(loaded),
        inForce: config.retention !== undefined,
        eliminations: openEliminations({
          ...{ store, facility: setup.facility.id, rules: rulesOf(loaded) },
          ...{ clock: parts.clock, newId: setup.newId },
        }),
      },
      uploads,
      attempts: counted,
    });
    return { desk, app };
  }

  let present = make();
  return {
    desk: () => present.desk,
    listener: (request, response) => present.app(request, response),
    renew() {
      present = make();
    },
  };
}
