import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { type Delivery, filedBeside, mayBounce } from "../../core/delivery.ts";
import { type Account, mayAct } from "../../core/person.ts";
import { PROCESSING_HOURS, tellWorkingTime } from "../../core/working-time.ts";
import { impossibilityOf } from "../../stages/delivery/open-way.ts";
import type { Desk, Dossier, GivenFile } from "../../stages/desk/desk.ts";
import type { WayReach } from "../../stages/effects/reachability.ts";
import { WRITING } from "../../stages/person-act.ts";
import { Line, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { typedInstant } from "../typed-instant.ts";
import { receivedWith } from "../uploads.ts";
import { notFiled } from "./decision-view.ts";
import { deliveryRows } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";
import { verdictOf } from "./verdict.ts";
import { suggestion, wayRow } from "./way-row.ts";

/** What is too long is given back to its writer, not thrown away. */
const Text = Line(100_000).default("");
const Moment = { date: Line(100).default(""), time: Line(100).default("") };
const FilingForm = z.object({
  delivery: Line(200).default(""),
  reference: Text,
  ...Moment,
  confirmed: Line(5).default(""),
});
const ImpossibleForm = z.object({ ...Moment, tried: Text });
const WayForm = z.object({ channel: Line(100).min(1) });
const AgainForm = z.object({ delivery: Line(200).min(1), reason: Text });

/** What a person typed and could not be taken, given back so that nothing is typed twice. */
interface Trouble {
  status: number;
  message: string;
  /** Which form it is about: `depot`, `impossible`, or the act on a way. */
  form: "depot" | "impossible" | keyof typeof ACTS;
  typed: Readonly<Record<string, string>>;
  /** True when the same once more, confirmed, is taken. */
  confirm?: boolean;
}

/** Acts on a way or a delivery, each with the form that asks for it. */
const ACTS = { envoyer: WayForm, renvoyer: AgainForm, perdu: AgainForm } as const;

/** Filing: what a person carries to the portal, what a machine sends, and what became of each. */
export function filingPages(parts: {
  desk: Desk;
  gate: Gate;
  clock: Clock;
  /** (Default: nothing is known.) */
  reach?: ((way: string) => WayReach | null) | undefined;
}): Router {
  const { desk, gate, clock, reach = () => null } = parts;
  const time = frenchTime(desk.facility.timeZone);
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });
  const hereOf = ({ incident }: Pick<Dossier, "incident">) =>
    `${base}/incidents/${encodeURIComponent(incident.id)}`;

  const show = async (request: Request, response: Response, dossier: Dossier, trouble?: Trouble) => {
    const person = personWho(response, "read");
    const { filing } = dossier;
    const mine = deliveryRows(
      dossier.deliveries.filter(
        (each) => each.kind === "declaration" && each.sha256 === filing?.declaration.sha256,
      ),
    );
    const pending = mine.filter((each) => !OVER.has(each.state));
    const forPerson = (each: Delivery) => each.reach === "assisted" || each.state === "uncertain";
    const ways = await desk.waysOf(dossier.incident.id);
    const now = clock.now();
    const rows = ways.map((each) => ({
      ...wayRow(each, reach(each.way.id), dossier.deliveries),
      suggested: suggestion(each, dossier, now),
    }));
    const portal = rows.find(
      (each) => each.kind === "declaration" && each.by === "assisted" && !each.fallback,
    );
    const recorded = pending.filter((each) => forPerson(each) && each.channel !== portal?.id);
    const open = portal?.delivery ?? null;
    const replacing = rows.some((each) => each.fallback);
    const others = rows.filter((each) => each.id !== portal?.id && each.by !== "assisted");
    const mayRecord = mayAct(person, "record_filing");
    /** True where the form that was refused is still on the page, to take what was typed back. */
    const stands = ({ form, typed }: Trouble) => {
      if (!mayRecord || filing === undefined) return false;
      if (form === "impossible") return notFiled(dossier) !== null && replacing;
      if (form === "depot")
        return [...recorded, ...(open === null || OVER.has(open.state) ? [] : [open])].some(
          ({ id }) => id === typed.delivery,
        );
      return others.some(
        ({ delivery }) =>
          delivery?.id === typed.delivery &&
          (mayResend(delivery) || (delivery !== null && mayBounce(delivery))),
      );
    };
    const lost = trouble !== undefined && !stands(trouble);
    gate.render(request, response, {
      view: "filing",
      title: `Dépôt, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        verdict: verdictOf(dossier),
        notFiled: notFiled(dossier),
        contested: contestedBy(dossier),
        here: hereOf(dossier),
        current: filing?.declaration ?? null,
        content: filing?.content ?? null,
        ready: filing !== undefined,
        filed: mine
          .filter((each) => each.state === "delivered")
          .sort((a, b) => Number(a.impossibility !== undefined) - Number(b.impossibility !== undefined)),
        pending: recorded,
        mayRecord,
        portal: portal ?? null,
        others: others.map((each) => ({
          ...each,
          mayResend: mayResend(each.delivery),
          filedBeside: each.delivery !== null && filedBeside(each.delivery, mine) !== undefined,
          mayBounce: each.delivery !== null && mayBounce(each.delivery),
        })),
        calls: rows.filter((each) => each.by === "assisted" && each.phone !== null),
        impossible: dossier.incident.impossible ?? [],
        toArs: filing !== undefined && impossibilityOf(dossier, filing.declaration) !== undefined,
        replacing,
        today: time.date(now),
        hours: tellWorkingTime(now, PROCESSING_HOURS),
        limits: { text: WRITING.text, reason: WRITING.reason.most },
        trouble: trouble ?? null,
        kept: lost
          ? ["reference", "tried", "reason"].flatMap((id) => trouble.typed[id] || []).join("\n")
          : "",
        typedIn: (form: string) => (trouble?.form === form ? trouble.typed : {}),
      },
    });
  };

  /** Who denies the oral decision under which the text was filed. */
  const contestedBy = ({ decisions, filing }: Dossier) =>
    decisions.find((each) => each.sha256 === filing?.declaration.sha256 && each.state === "contested")
      ?.delegate.name ?? null;

  router.get("/incidents/:id/depot", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/depot", async (request, response) => {
    const person = personWho(response, "record_filing");
    const typed = readForm(request, FilingForm);
    const dossier = await dossierOf(desk, request.params.id);
    const { files, trouble } = receivedWith(response);
    const again = (message: string) =>
      show(request, response, dossier, { status: 422, message, form: "depot", typed });
    if (trouble !== null) return again(trouble);
    if (typed.reference === "")
      return again("Recopiez la référence que le portail a affichée : sans elle, rien ne prouve le dépôt.");
    const at = typedInstant(typed, time, clock.now());
    if (typeof at === "string") return again(at);
    const [file] = files;
    const { delivery, reference } = typed;
    const result = await desk.recordFiling(
      {
        incident: dossier.incident.id,
        ...{ delivery, reference, at, confirmed: typed.confirmed === "oui" },
        receipt:
          file === undefined ? undefined : { name: file.name, type: file.type, bytes: await bytesOf(file) },
      },
      person,
    );
    if (result.outcome === "refused") {
      const confirm = result.code === "reference_doubtful";
      const status = result.code === "not_allowed" ? 403 : confirm ? 422 : 409;
      const message = `Rien n'est encore enregistré : ${result.because}`;
      return show(request, response, await dossierOf(desk, request.params.id), {
        ...{ status, message, form: "depot", typed, confirm },
      });
    }
    response.redirect(303, `${hereOf(dossier)}/depot`);
  });

  router.post("/incidents/:id/depot/impossible", async (request, response) => {
    const person = personWho(response, "record_filing");
    const typed = readForm(request, ImpossibleForm);
    const dossier = await dossierOf(desk, request.params.id);
    const since = typedInstant(typed, time, clock.now());
    const again = async (status: number, message: string) =>
      show(request, response, await dossierOf(desk, request.params.id), {
        ...{ status, message, form: "impossible", typed },
      });
    if (typeof since === "string") return again(422, since);
    if (typed.tried === "") return again(422, "Notez ce qui a été essayé, et ce qui s'est passé.");
    const said = { incident: dossier.incident.id, since: since ?? clock.now(), tried: typed.tried };
    const result = await desk.recordImpossibility(said, person);
    if (result.outcome === "refused") return again(409, `Rien n'est enregistré : ${result.because}`);
    response.redirect(303, `${hereOf(dossier)}/depot#autres-voies`);
  });

  /** An act on one way or one delivery; what refuses it is said beside its form, with what was typed. */
  const acts = {
    envoyer: (incident: string, typed: Typed, person: Account) =>
      desk.startDelivery({ incident, channel: typed.channel ?? "" }, person),
    renvoyer: (incident: string, { delivery = "", reason = "" }: Typed, person: Account) =>
      desk.resend({ incident, delivery, reason }, person),
    perdu: (incident: string, { delivery = "", reason = "" }: Typed, person: Account) =>
      desk.recordLost({ incident, delivery, reason }, person),
  };
  for (const act of Object.keys(ACTS) as (keyof typeof ACTS)[])
    router.post(
      `/incidents/:id/depot/${act}`,
      async (request: Request<{ id: string }>, response: Response) => {
        const person = personWho(response, "record_filing");
        const typed: Typed = readForm(request as Request, ACTS[act]);
        const dossier = await dossierOf(desk, request.params.id);
        const result = await acts[act](dossier.incident.id, typed, person);
        if (result.outcome === "refused") {
          const message = `Rien n'a été fait : ${result.because}`;
          return show(request as Request, response, await dossierOf(desk, request.params.id), {
            ...{ status: 409, message, form: act, typed },
          });
        }
        response.redirect(303, `${hereOf(dossier)}/depot#autres-voies`);
      },
    );

  return router;
}

type Typed = Readonly<Record<string, string>>;

const OVER: ReadonlySet<string> = new Set(["delivered", "dropped"]);

/** True of what may be sent again, or said to be lost, once a person tells how they know. */
function mayResend(delivery: { state: string } | null): boolean {
  return delivery?.state === "refused" || delivery?.state === "uncertain";
}

/** The bytes of a file that an attachment may be as large as. */
async function bytesOf({ pieces }: GivenFile): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const piece of pieces()) chunks.push(piece);
  return Buffer.concat(chunks);
}
