import { MICROSECONDS } from "../../agent/core/clock.ts";
import { type Login, PASSWORD, type Scene } from "./web-server.ts";

/** A browser's worth of HTTP: cookies kept, redirects shown rather than followed, forms filled from the page. */
export interface Visitor {
  cookies: Map<string, string>;
  get(path: string, init?: RequestInit): Promise<Reply>;
  post(path: string, fields: Record<string, string>): Promise<Reply>;
  /** Opens a page and posts a form with its hidden fields and these. */
  submit(page: string, action: string, fields: Record<string, string>): Promise<Reply>;
  signIn(login: Login): Promise<void>;
}

interface Reply {
  status: number;
  location: string | null;
  headers: Headers;
  /** As a person reads it: without the marks that keep names and quotations from being translated, and references whole. */
  text: string;
  /** As it came. */
  html: string;
}

export function visitor(scene: Pick<Scene, "url" | "code" | "clock">): Visitor {
  const cookies = new Map<string, string>();

  async function send(path: string, init: RequestInit = {}): Promise<Reply> {
    const headers = new Headers(init.headers);
    if (cookies.size > 0)
      headers.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await fetch(new URL(path, scene.url), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const html = await response.text();
    return {
      status: response.status,
      location: response.headers.get("location"),
      headers: response.headers,
      text: withoutMarks(html),
      html,
    };
  }

  const self: Visitor = {
    cookies,
    get: send,
    post: (path, fields) => send(path, { method: "POST", body: new URLSearchParams(fields) }),
    async submit(page, action, fields) {
      const { text } = await send(page);
      return self.post(action, { ...hiddenFields(text, action), ...fields });
    },
    async signIn(login) {
      // A code serves once: signing in uses the present one, so the next act needs a later time.
      const page = `/chv/connexion`;
      const done = await self.submit(page, page, { login, password: PASSWORD, code: scene.code(login) });
      if (done.status !== 303) throw new Error(`sign-in of ${login} gave ${done.status}`);
      scene.clock.instant += MICROSECONDS.minute;
    },
  };
  return self;
}

/** A page without what tells translators which words are not theirs, and what is one word; one mark may stand within another. */
function withoutMarks(html: string): string {
  const bare = html.replaceAll(/<span (?:translate="no"|lang="fr"|class="ref")>([^<]*)<\/span>/g, "$1");
  return bare === html ? html.replaceAll(' translate="no"', "") : withoutMarks(bare);
}

/** The hidden fields of the form that posts to an address. */
export function hiddenFields(html: string, action: string): Record<string, string> {
  const form = html.split("<form").find((each) => each.includes(`action="${action}"`)) ?? "";
  const fields: Record<string, string> = {};
  for (const [, name = "", value = ""] of form
    .split("</form>")[0]
    ?.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g) ?? []) {
    fields[name] = value;
  }
  return fields;
}
