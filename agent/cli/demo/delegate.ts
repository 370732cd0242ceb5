import { TOTP } from "otpauth";
import type { Dossier } from "../../stages/desk/desk.ts";

/** The demonstration's delegate: goes through the same pages as a person, form by form. */
export interface Delegate {
  /** Consumes the sign-in ticket. */
  signIn(link: string): Promise<void>;
  answer(incident: string, answers: Readonly<Record<string, string>>): Promise<void>;
  approve(incident: string): Promise<void>;
}

export function openDelegate(parts: {
  site: string;
  facility: string;
  totp: string;
  dossier: (incident: string) => Promise<Dossier | undefined>;
}): Delegate {
  const cookies = new Map<string, string>();
  const base = `${parts.site}/${parts.facility}`;

  async function ask(url: string, form?: Record<string, string>): Promise<string> {
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        origin: parts.site,
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
    const text = await response.text();
    if (response.status >= 400)
      throw new Error(`${new URL(url).pathname}: HTTP ${response.status}: ${plain(text)}`);
    return text;
  }

  /** Opens a page and posts its form with the fields given beside its token. */
  async function submit(page: string, action: string, fields: Record<string, string>): Promise<void> {
    const html = await ask(page);
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1];
    if (csrf === undefined) throw new Error(`${page}: no form to fill`);
    await ask(action, { csrf, ...fields });
  }

  return {
    signIn: (link) =>
      submit(link, `${base}/connexion/billet`, { jeton: new URL(link).searchParams.get("jeton") ?? "" }),
    async answer(incident, answers) {
      const page = `${base}/incidents/${incident}`;
      for (const [question, answer] of Object.entries(answers)) {
        await submit(page, `${page}/reponse`, {
          question,
          answer,
          date: "",
          time: "",
          source: "cadre de santé des urgences",
        });
      }
    },
    async approve(incident) {
      const page = `${base}/incidents/${incident}/decision`;
      const declaration = (await parts.dossier(incident))?.current?.declaration;
      if (declaration === undefined) throw new Error("no draft to approve");
      await submit(page, `${page}/valider`, {
        declaration: declaration.id,
        version: String(declaration.version),
        sha256: declaration.sha256,
        code: new TOTP({ secret: parts.totp }).generate(),
      });
    },
  };
}

function plain(html: string): string {
  return html
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .slice(0, 300);
}
