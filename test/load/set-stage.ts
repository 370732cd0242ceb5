import { type Amounts, furnish, SYSTEM_LINES } from "../bench/furnish.ts";
import { type Hears, openReceiver } from "../bench/openings-heard.ts";
import type { BenchDaemon, Scene } from "../bench/scene.ts";
import { delegateOf, type Means, registerRead, signIn, type Browser as Visitor } from "../bench/signed-in.ts";
import type { makeHouse } from "../support/daemon.ts";
import { type Place, visitsOf } from "../support/pages.ts";
import { employDelegates } from "./employ-delegates.ts";

/** What unit and image set. */
const AS_SHIPPED = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "131072" };
/** Pages at once at most: none waits for another. */
const CONNECTIONS = 64;

/** A daemon over a record, a receiver of its webhooks, and people. */
export interface Stage {
  daemon: BenchDaemon;
  hears: Hears;
  /** Somebody who is signed in, and the pages there are. */
  visitor: Visitor;
  paths: string[];
  /** Delegates who are not. */
  means: readonly Means[];
}

/** Starts a daemon over a record of such amounts, with so many delegates more and what else is asked. */
export async function setStage(
  scene: Scene,
  amounts: Amounts,
  delegates: number,
  asked: Parameters<typeof makeHouse>[0] = {},
): Promise<Stage> {
  const hears = await openReceiver(scene);
  let place: Place | undefined;
  let means: Means[] = [];
  const daemon = await scene.daemon(
    { webhook: hears.url, systems: SYSTEM_LINES, ...asked },
    async (house) => {
      place = await furnish(house, amounts);
      means = await employDelegates(house, delegates);
    },
    AS_SHIPPED,
  );
  const visitor = await signIn(daemon.people, delegateOf(daemon.house), { connections: CONNECTIONS });
  scene.after(() => visitor.close());
  await registerRead(visitor);
  const paths = visitsOf(place as Place).flatMap(({ path, who }) => (who === undefined ? [path] : []));
  return { daemon, hears, visitor, paths, means };
}
