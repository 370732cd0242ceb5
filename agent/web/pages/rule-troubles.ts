import { Router } from "express";
import type { Problem } from "../../core/errors.ts";
import type { Masks } from "../../core/masked.ts";
import type { RuleTroubles } from "../../core/rule-troubles.ts";
import { type Gate, personWho } from "../gate.ts";
import { boundedText, visibleText } from "../visible-text.ts";

const LONGEST = 500;

/** What of the rules does not run, file by file, and what to do about it: for whoever writes them. */
export function ruleTroublesPage(parts: { troubles: () => RuleTroubles; gate: Gate; masks: Masks }): Router {
  const { troubles, gate, masks } = parts;
  const shown = (text: string) =>
    boundedText(visibleText(masks.text(text, { incident: null })), LONGEST).text;
  const problem = ({ code, where = "", message, remedy = "" }: Problem) => {
    const [, file = where, line = null] = /^(.*?):(\d+):\d+$/s.exec(where) ?? [];
    return { code, file: shown(file), line, message: shown(message), remedy: shown(remedy) };
  };
  const router = Router({ mergeParams: true });
  router.get("/regles-refusees", (request, response) => {
    personWho(response, "read");
    const { refused, inactive, kept, disabled } = troubles();
    gate.render(request, response, {
      view: "rule-troubles",
      title: "Règles refusées",
      model: {
        groups: [
          {
            title: "Refusées à la lecture",
            about: "Ces fichiers ne comptent pas tels qu’ils sont écrits. Tous les autres jouent.",
            count: refused.count,
            rows: refused.first.map(problem),
          },
          {
            title: "Lues, mais sans effet",
            about: "Ces règles sont correctes et ne jouent pas : il leur manque un réglage.",
            count: inactive.count,
            rows: inactive.first.map(problem),
          },
        ],
        disabled: {
          count: disabled.count,
          rows: disabled.first.map(({ rule, title, fault, at }) => ({
            rule: shown(rule),
            title: shown(title),
            fault: shown(fault),
            at,
          })),
        },
        kept: { count: kept.count, rows: kept.first.map(shown) },
      },
    });
  });
  return router;
}
