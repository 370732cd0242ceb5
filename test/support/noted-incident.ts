import type { Account } from "../../agent/core/person.ts";
import { realDesk } from "./real-desk.ts";
import { NIGHT } from "./web-declaration.ts";
import { type Scene, startScene } from "./web-server.ts";
import { type Visitor, visitor } from "./web-visitor.ts";

const REMI: Account = {
  id: "acc-remi",
  login: "remi",
  name: "Dr remi",
  role: "rssi",
  function: "",
  email: "",
  phone: "",
  active: true,
  created: NIGHT,
};

/** An incident of the real desk, opened by hand, to put notes and files beside. */
export interface NotedIncident {
  scene: Scene;
  incident: string;
  /** Its page. */
  page: string;
  /** Sends a note with its files, as the form of the page does. */
  note(person: Visitor, fields: Record<string, string>, files?: readonly File[]): ReturnType<Visitor["get"]>;
  /** Sends any body to the notes, with the token of the page before it. */
  raw(
    person: Visitor,
    body: (token: { csrf: string; form: string }) => RequestInit,
  ): ReturnType<Visitor["get"]>;
}

/** Starts the pages over the real desk, with one incident. */
export async function notedIncident(options: Parameters<typeof startScene>[0] = {}): Promise<NotedIncident> {
  let opened = "";
  const scene = await startScene({
    ...options,
    async desk(parts) {
      const desk = await realDesk(parts);
      const done = await desk.openByHand(
        {
          form: desk.newForm(),
          kinds: ["system_unavailable"],
          systems: ["pacs"],
          source: { who: "self", name: "" },
          text: "Le PACS ne répond plus.",
        },
        REMI,
      );
      if (done.outcome !== "opened") throw new Error(done.because);
      opened = done.incident;
      return desk;
    },
  });
  const page = `/chv/incidents/${opened}`;
  const token = async (person: Visitor) => {
    const { text } = await person.get(page);
    const form = text.split("<form").find((each) => each.includes(`action="${page}/notes"`)) ?? "";
    const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? "";
    return { csrf: value("csrf"), form: value("form") };
  };
  return {
    scene,
    incident: opened,
    page,
    async note(person, fields, files = []) {
      const body = new FormData();
      for (const [name, value] of Object.entries({ ...(await token(person)), date: "", time: "", ...fields }))
        body.set(name, value);
      for (const file of files) body.append("files", file);
      return person.get(`${page}/notes`, { method: "POST", body });
    },
    raw: async (person, body) =>
      person.get(`${page}/notes`, { method: "POST", ...body(await token(person)) }),
  };
}

/** A visitor who is signed in. */
export async function signedIn(scene: Scene, login: Parameters<Visitor["signIn"]>[0]): Promise<Visitor> {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}
