import type { RequestHandler, Response } from "express";

/** How long a request may take to arrive, ms: a form is short, files of people with the right to send them are not. */
const USUAL_MS = 60_000;
export const WITH_FILES_MS = 15 * 60_000;

/** Ends connections whose request is still on its way after a minute; `allowTime` gives one more. */
export function endSlowRequests(): RequestHandler {
  return (request, response, next) => {
    const end = () => {
      if (!request.complete) request.socket.destroy();
    };
    let timer = setTimeout(end, USUAL_MS).unref();
    response.locals.allowTime = () => {
      clearTimeout(timer);
      timer = setTimeout(end, WITH_FILES_MS).unref();
    };
    response.once("close", () => clearTimeout(timer));
    next();
  };
}

/** Gives a request the time that files take. */
export function allowTime(response: Response): void {
  response.locals.allowTime?.();
}
