import { enableCompileCache } from "node:module";

// Before anything else is imported, so that all of it is cached.
enableCompileCache();

const { run } = await import("./cli/program.ts");
await run(process.argv);
