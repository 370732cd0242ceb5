import { fc } from "./property.ts";

interface Schema {
  $ref?: string;
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

/** Values for a JSON Schema of a document, most of which it holds of; members are left out, added and replaced now and then. */
export function arbitraryOf(schema: Schema, document: object): fc.Arbitrary<unknown> {
  const right = rightOf(schema, document);
  return fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}

function rightOf(schema: Schema, document: object): fc.Arbitrary<unknown> {
  const { $ref, type, minimum = -1e9, maximum = 1e9, minLength = 0, maxLength = minLength + 50 } = schema;
  if ($ref !== undefined) return arbitraryOf(at($ref, document), document);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => arbitraryOf(each, document)));
  switch (type) {
    case "object": {
      const properties = Object.entries(schema.properties ?? {});
      const model = Object.fromEntries(properties.map(([name, each]) => [name, arbitraryOf(each, document)]));
      const whole = fc.record(model, { requiredKeys: [...(schema.required ?? [])] });
      const more = fc.record({ whole, name: fc.string(), value: fc.jsonValue({ maxDepth: 1 }) });
      return fc.oneof(
        { weight: 8, arbitrary: whole },
        { weight: 1, arbitrary: fc.record(model, { requiredKeys: [] }) },
        { weight: 1, arbitrary: more.map(({ whole: rest, name, value }) => ({ ...rest, [name]: value })) },
      );
    }
    case "array":
      return fc.array(arbitraryOf(schema.items ?? {}, document), { maxLength: 5 });
    case "integer":
      return fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1) });
    case "number":
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "string":
      return schema.pattern === undefined
        ? fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 50) })
        : fc.stringMatching(new RegExp(schema.pattern));
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** What a reference within the document names (RFC 6901, of names without `/` and `~`). */
function at(reference: string, document: object): Schema {
  const found = reference
    .slice(2)
    .split("/")
    .reduce<unknown>((within, name) => (within as Record<string, unknown> | undefined)?.[name], document);
  if (found === undefined) throw new Error(`nothing is at ${reference}`);
  return found as Schema;
}
