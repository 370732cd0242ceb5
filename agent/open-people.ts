import type { RequestListener } from "node:http";
import type { LoadedConfig } from "../config/load.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import { type HttpServer, listenHttp, PATIENCE } from "./http-server.ts";
import type { Duties } from "./roles.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import type { Log } from "./telemetry/log.ts";
import { WITH_FILES_MS } from "./web/slow-requests.ts";

type People = Pick<HttpServer, "serve" | "close" | "url">;

/** Opens the listener of people where they are served; elsewhere only its address is known, which messages lead to. */
export async function openPeople(
  { config }: Pick<LoadedConfig, "config">,
  { serves }: Pick<Duties, "serves">,
  log: Log,
): Promise<People> {
  const { people } = config.listeners;
  if (serves) {
    const patience = { ...PATIENCE, request: WITH_FILES_MS };
    return listenHttp(people, "listeners.people", { log, patience });
  }
  if (people.public_url !== undefined)
    return { url: people.public_url, serve: () => undefined, close: async () => undefined };
  throw new TocsinError({
    code: "public_url_missing",
    where: "listeners.people.public_url",
    message: "this process serves no pages, and messages have to lead to them",
    remedy: "give the address at which people reach the pages of the role web",
  });
}

/** Answers once what other processes wrote is taken in; when that fails, with what is known. */
export function upToDate(
  listener: RequestListener,
  pipeline: Pick<Pipeline, "catchUp">,
  log: Pick<Log, "warn">,
): RequestListener {
  return (request, response) => {
    pipeline.catchUp().then(
      () => listener(request, response),
      (error: unknown) => {
        log.warn("what others wrote could not be taken in", { error: messageOf(error) });
        listener(request, response);
      },
    );
  };
}
