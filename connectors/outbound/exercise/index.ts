import { z } from "zod";
import type { Attempt, AttemptContext, Filing, Outbound } from "../../contract.ts";

const ExerciseConfig = z.strictObject({});
type ExerciseConfig = z.infer<typeof ExerciseConfig>;

/** Plays the portal in an exercise: nothing leaves the program, and the reference says so. */
export const exercise = {
  name: "exercise",
  summary: "Plays the portal in an exercise; nothing leaves",
  config: ExerciseConfig,
  reach: "exercise",
  kinds: ["declaration", "information"],
  repeatable: true,
  guide: () => ({ to: "EXERCICE : aucun destinataire", steps: [] }),
  open() {
    return {
      async send(filing: Filing, _context: AttemptContext): Promise<Attempt> {
        if (!filing.exercise) return { outcome: "refused", because: "Cet envoi n'est pas un exercice." };
        const reference = `EXERCICE-${filing.declaration.sha256.slice(0, 8)}`;
        return {
          outcome: "delivered",
          because: "EXERCICE : rien n'a été transmis à une autorité.",
          reference,
        };
      },
    };
  },
} satisfies Outbound<ExerciseConfig>;
