import { createServer, type Server } from "node:http";
import { Provider } from "oidc-provider";

export const CLIENT = { id: "tocsin", secret: "a client secret for tests only" };

/** A real identity provider on the loopback, whose people are all at their desks. */
export interface IdentityProvider {
  issuer: string;
  /** Tells it where our client comes back to. */
  knows(redirect: string): void;
  /** Who is signed in there; their claims. */
  person: Record<string, string | boolean>;
  /** Goes where a sign-in was sent, as a browser does; resolves with the address it is sent back to. */
  visit(url: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a provider; it answers once it knows where our client comes back to. */
export async function startProvider(): Promise<IdentityProvider> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const self: IdentityProvider = {
    issuer,
    knows: (redirect) => open(server, self, redirect),
    person: { sub: "s-1", email: "claire@ch.example", email_verified: true },
    async visit(url) {
      const cookies = new Map<string, string>();
      let next = url;
      for (let step = 0; step < 10; step++) {
        if (!next.startsWith(issuer)) return next;
        const response = await fetch(next, {
          redirect: "manual",
          headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        });
        for (const line of response.headers.getSetCookie()) {
          const [pair = ""] = line.split(";");
          cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
        }
        const location = response.headers.get("location");
        if (location === null) throw new Error(`${response.status} ${await response.text()}`);
        next = new URL(location, next).href;
      }
      throw new Error("the provider goes in circles");
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}

function open(server: Server, self: IdentityProvider, redirect: string): void {
  const provider = new Provider(self.issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username"] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ["a cookie key for tests only"] },
    async findAccount(_context, id) {
      return { accountId: id, claims: async () => ({ ...self.person, sub: id }) };
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(context) {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({
        clientId: client?.clientId ?? "",
        accountId: session?.accountId ?? "",
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return void serve(request, response);
    const login = { accountId: String(self.person.sub) };
    void provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  });
}
