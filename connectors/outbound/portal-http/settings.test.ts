import { describe, expect, it } from "vitest";
import { PortalHttpConfig } from "./settings.ts";

const LEAST = {
  url: "https://portail.example/declarations",
  authentication: { by: "bearer", token: { env: "T" } },
};

const OAUTH2 = { by: "oauth2", token_url: "https://jetons.example/", client_id: "ch-x" };

describe("the settings of portal-http", () => {
  it("need an address and how we are known, and no more", () => {
    expect(PortalHttpConfig.parse(LEAST)).toMatchObject({
      method: "POST",
      body: "canonical",
      idempotency: { header: "Idempotency-Key", recognised: false },
      receipt: { reference: "/reference" },
      timeouts: { connect_seconds: 10, answer_seconds: 60 },
      private_networks: [],
    });
  });

  it.each<[string, object, string]>([
    ["plain HTTP", { url: "http://portail.example/" }, "url"],
    ["a password in the address", { url: "https://u:p@portail.example/" }, "url"],
    ["a fragment", { url: "https://portail.example/#x" }, "url"],
    ["no address", { url: "portail" }, "url"],
    ["a secret written out", { authentication: { by: "bearer", token: "s3cret" } }, "authentication.token"],
    ["an unknown way to be known", { authentication: { by: "password" } }, "authentication"],
    ["an unknown setting", { redirects: 5 }, ""],
    ["a certificate without its key", { tls: { certificate: { file: "c.pem" } } }, "tls"],
    ["mTLS without a certificate", { authentication: { by: "mtls" } }, "tls"],
    ["OAuth2 without a secret", { authentication: OAUTH2 }, "authentication.client_secret"],
    [
      "OAuth2 by a certificate that is not there",
      { authentication: { ...OAUTH2, client_authentication: "mtls" } },
      "tls",
    ],
    ["a header that frames the request", { headers: { "Content-Length": "3" } }, "headers"],
    ["a header on two lines", { headers: { "X-A": "a\r\nX-B: c" } }, "headers"],
    ["a secret among the headers", { headers: { Authorization: "Bearer x" } }, "headers"],
    ["a second idempotency key", { headers: { "idempotency-key": "x" } }, "headers"],
    ["a host to be filled in", { status: { url: "https://{key}.example/" } }, "status.url"],
    ["a question without a name", { status: { url: "https://portail.example/status" } }, "status.url"],
    ["an unknown placeholder", { status: { url: "https://portail.example/{key}/{secret}" } }, "status.url"],
    ["states without where they stand", { receipt: { states: { delivered: ["OK"] } } }, "receipt.state"],
    [
      "a state that no word means delivered",
      { receipt: { state: "/s", states: { refused: ["KO"] } } },
      "receipt",
    ],
    [
      "a state with two meanings",
      { receipt: { state: "/s", states: { delivered: ["OK"], refused: ["OK"] } } },
      "receipt.states",
    ],
    [
      "an error that would mean delivered",
      { receipt: { statuses: { delivered: [500] } } },
      "receipt.statuses",
    ],
    ["a pointer that is none", { receipt: { reference: "id" } }, "receipt.reference"],
    ["a network that is none", { private_networks: ["10.0.0.0/40"] }, "private_networks"],
    ["a wait without an end", { timeouts: { answer_seconds: 6000 } }, "timeouts"],
    ["a template that is wrong", { body: { json: { a: { $eval: "1" } } } }, "body"],
  ])("refuse %s", (_, settings, path) => {
    const { error } = PortalHttpConfig.safeParse({ ...LEAST, ...settings });
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([expect.stringMatching(`^${path}`)]);
  });
});
