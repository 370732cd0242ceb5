type Variables = Record<string, unknown>;

/**
 * Renders what the shipped templates use of Mustache, as Kibana's webhook connector and OpenSearch's alerting do: a
 * value escaped for a JSON text, one as it is, and `toJson`.
 */
export function renderMustache(template: string, variables: Variables): string {
  return template
    .replaceAll(
      /\{\{#toJson\}\}([\w.]+)\{\{\/toJson\}\}|\{\{\{([\w.]+)\}\}\}|\{\{([\w.]+)\}\}/g,
      (...found) => {
        const [, json, raw, escaped] = found as (string | undefined)[];
        if (json !== undefined) return JSON.stringify(valueAt(variables, json));
        const text = textOf(valueAt(variables, raw ?? escaped ?? ""));
        return raw === undefined ? JSON.stringify(text).slice(1, -1) : text;
      },
    )
    .trimEnd();
}

function valueAt(variables: Variables, path: string): unknown {
  return path
    .split(".")
    .reduce((value, name) => (value as Variables | undefined)?.[name], variables as unknown);
}

/** Objects are JSON, lists are what their members are with commas between, and nothing is nothing. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
