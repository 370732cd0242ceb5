import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Scene, startScene } from "../../test/support/web-server.ts";
import { visitor } from "../../test/support/web-visitor.ts";

let scene: Scene;
let cookie: string;
beforeAll(async () => {
  scene = await startScene();
  const person = visitor(scene);
  await person.signIn("claire");
  cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
});
afterAll(() => scene.close());

function raw(path: string, encodings?: string): Promise<{ headers: Record<string, unknown>; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { cookie, ...(encodings !== undefined && { "accept-encoding": encodings }) };
    request(new URL(path, scene.url), { headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, bytes: Buffer.concat(chunks) }));
    })
      .on("error", reject)
      .end();
  });
}

describe("a page", () => {
  it.each(["gzip", "gzip, deflate, br", "*"])("comes packed to who takes %s", async (encodings) => {
    const { headers, bytes } = await raw("/chv/incidents", encodings);
    expect(headers["content-encoding"]).toBe("gzip");
    expect(headers.vary).toMatch(/accept-encoding/i);
    expect(gunzipSync(bytes).toString()).toMatch(/^<!doctype html>[\s\S]*<\/html>\n<!-- \w* -->\n$/);
  });

  it.each([undefined, "identity", "gzip;q=0", "br"])("comes as it is to who takes %s", async (encodings) => {
    const { headers, bytes } = await raw("/chv/incidents", encodings);
    expect(headers["content-encoding"]).toBeUndefined();
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(bytes.toString()).toMatch(/<\/html>\n$/);
  });

  it("has another length each time that it comes packed, and another token", async () => {
    const pages = await Promise.all(Array.from({ length: 12 }, () => raw("/chv/incidents", "gzip")));
    expect(new Set(pages.map(({ bytes }) => bytes.length)).size).toBeGreaterThan(3);
    const tokens = pages.map(
      ({ bytes }) => /name="csrf" value="([^"]+)"/.exec(gunzipSync(bytes).toString())?.[1],
    );
    expect(new Set(tokens).size).toBe(pages.length);
  });
});

describe("what pages are shown with", () => {
  it.each([
    { encodings: "br, gzip", coding: "br" },
    { encodings: "gzip", coding: "gzip" },
    { encodings: "identity", coding: undefined },
  ])("comes as $coding to who takes $encodings", async ({ encodings, coding }) => {
    const { headers, bytes } = await raw("/assets/pages.css", encodings);
    expect(headers["content-encoding"]).toBe(coding);
    expect(headers["content-type"]).toBe("text/css; charset=utf-8");
    expect(bytes.length).toBeGreaterThan(0);
  });

  it("is kept for a year under its version only", async () => {
    const page = (await raw("/chv/incidents")).bytes.toString();
    const address = /href="(\/assets\/pages\.css\?v=\w+)"/.exec(page)?.[1] ?? "";
    expect((await raw(address)).headers["cache-control"]).toContain("immutable");
    expect((await raw("/assets/pages.css?v=old")).headers["cache-control"]).toBe("public, max-age=3600");
  });

  it("is less than 60 kB with the list of incidents and the page of one", async () => {
    const shared = await Promise.all(["pages.css", "page.js"].map((name) => raw(`/assets/${name}`, "gzip")));
    for (const path of ["/chv/incidents", "/chv/incidents/inc-1", "/chv/incidents/inc-1/declaration"]) {
      const all = [await raw(path, "gzip"), ...shared];
      expect(all.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(60_000);
    }
  });
});
