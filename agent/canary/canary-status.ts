import type { CanaryView } from "../core/house-view.ts";
import { isFailing, type WayState } from "./outage.ts";
import type { UncoveredWay } from "./ways.ts";

/** How the canaries stand: told by who sends them, asked by pages and metrics. */
export interface CanaryStatus {
  told(now: { every: number | null; states: readonly WayState[]; uncovered: readonly UncoveredWay[] }): void;
  view(): CanaryView;
}

export function openCanaryStatus(): CanaryStatus {
  let view: CanaryView = { every: null, ways: [], uncovered: [] };
  return {
    told({ every, states, uncovered }) {
      view = {
        every,
        ways: states.map((state) => ({ ...state, failing: isFailing(state) })),
        uncovered: uncovered.map((each) => ({ ...each })),
      };
    },
    view: () => view,
  };
}
