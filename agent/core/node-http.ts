/** Node's HTTP. An `import` of it also loads `fetch` and all that it needs: 30 ms of every thread's start. */
export const http = process.getBuiltinModule("node:http");
/** Node's HTTPS, by the same way. */
export const https = process.getBuiltinModule("node:https");
