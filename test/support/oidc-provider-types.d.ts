/** What of oidc-provider the tests use: it brings no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  interface Context {
    oidc: {
      client?: { clientId: string };
      session?: { accountId?: string };
      provider: Provider;
    };
  }
  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }
  export class Provider {
    constructor(
      issuer: string,
      configuration: {
        findAccount(
          context: Context,
          id: string,
        ): Promise<{ accountId: string; claims(): Promise<Record<string, unknown>> }>;
        interactions: { url(context: Context, interaction: { uid: string }): string };
        loadExistingGrant(context: Context): Promise<Grant>;
        [setting: string]: unknown;
      },
    );
    readonly Grant: new (of: {
      clientId: string;
      accountId: string;
    }) => Grant;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: object,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
  }
}
