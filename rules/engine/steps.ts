/** Work cut into steps: whoever has other things to do does them in between. */
export type Steps<T> = Generator<void, T, void>;

/** Takes every step at once. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
