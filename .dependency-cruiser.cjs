/** Imports flow one way: core ← rules, connectors, store ← stages ← web, intake ← app ← cli ← main. */
const never = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });
const source = (path) => ({ path, pathNot: "\\.test\\.ts$" });

module.exports = {
  forbidden: [
    never("no-circular", {}, { circular: true }, "two modules that import each other are one"),
    never("not-to-unresolvable", {}, { couldNotResolve: true }, "the import leads nowhere"),
    never(
      "not-to-tests",
      { pathNot: "^test/|\\.test\\.ts$" },
      { path: "^test/|\\.test\\.ts$" },
      "product code has no test hook",
    ),
    never(
      "core-is-pure",
      source("^agent/core/"),
      { path: "^(agent|rules|connectors|config)/", pathNot: "^agent/core/" },
      "the vocabulary knows nobody",
    ),
    never(
      "rules-know-core",
      source("^rules/"),
      { path: "^(agent|connectors|config)/", pathNot: "^agent/core/" },
      "rules import core only",
    ),
    never(
      "connectors-know-core-and-contract",
      source("^connectors/"),
      { path: "^(agent|rules|config)/", pathNot: "^agent/core/" },
      "connectors import core, the contract and what they share",
    ),
    never(
      "connectors-do-not-know-each-other",
      { path: "^connectors/(inbound|notify|outbound)/([^/]+)/" },
      { path: "^connectors/(inbound|notify|outbound)/", pathNot: "^connectors/$1/$2/" },
      "what two connectors need stands in connectors/shared",
    ),
    never(
      "store-knows-core",
      source("^agent/store/"),
      { path: "^(agent|rules|connectors|config)/", pathNot: "^agent/(core|store|threads)/" },
      "the record knows the vocabulary only",
    ),
    never(
      "config-knows-the-registry-and-core",
      source("^config/"),
      { path: "^(agent|rules)/", pathNot: "^agent/core/" },
      "configuration is read before anything is built",
    ),
    never(
      "stages-know-no-page-and-no-socket",
      source("^agent/stages/"),
      { path: "^(agent/(web|intake|threads|cli|telemetry|app|main|schedule|setup|http-server)|config)" },
      "stages are called, they do not call up",
    ),
    never(
      "web-and-intake-do-not-call-up",
      source("^agent/(web|intake|telemetry)/"),
      { path: "^agent/(cli|app|main|schedule|setup)" },
      "listeners are built by the composition root",
    ),
    never(
      "http-server-knows-core",
      source("^agent/(http-server|tls)"),
      { path: "^(agent|rules|connectors)/", pathNot: "^agent/(core/|telemetry/|tls\\.)" },
      "what the two rooms of listeners share knows neither",
    ),
    never(
      "web-knows-no-intake",
      source("^agent/web/"),
      { path: "^agent/intake/" },
      "two listeners, two rooms",
    ),
    never(
      "intake-knows-no-web",
      source("^agent/intake/"),
      { path: "^agent/web/" },
      "two listeners, two rooms",
    ),
    never(
      "app-does-not-call-up",
      source("^agent/(app|schedule)\\.ts$"),
      { path: "^agent/(cli|main)" },
      "commands build the app",
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".json"],
      mainFields: ["main"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
