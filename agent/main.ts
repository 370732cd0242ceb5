import { enableCompileCache } from "node:module";

// Before anything else is imported, so that all of it is cached; the threads find the folder in their environment.
const { directory } = enableCompileCache();
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;

const { run } = await import("./cli/program.ts");
await run(process.argv);
