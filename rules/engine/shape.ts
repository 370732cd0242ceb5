/** Where the values of events of one shape lie: all that can be told of an event by its names alone. */
export interface Layout {
  /** By field, the number of its value among those walked past, or -1 for a field that these events lack. */
  cellOf: Int32Array;
  /** Cells that no single value fills: what their fields' readers make of the whole event. */
  computed: Map<number, ReadField>;
  /** By cell, whether its texts are among the event's keywords. */
  keyword: Uint8Array;
  /** Cells in use. */
  cells: number;
}

/** Reads one field from an event; undefined when the event does not have it. */
export type ReadField = (event: never) => unknown;

/** How the fields of events are read. */
export interface Readers {
  fields: readonly ReadField[];
  /** Every text of an event. */
  keywords: (event: never) => string[];
  /** Fields that depend on values, not on names. */
  computed: ReadonlySet<number>;
}

/**
 * The shapes seen: a tree in which each name that an event has leads one step on, and the values met on the way are
 * left in `values`, in order.
 */
export interface Shapes {
  readers: Readers;
  root: Step;
  steps: number;
  values: unknown[];
  count: number;
}

/** A place in the tree: the name that came next last time, and others. */
interface Step {
  name: string;
  to: Step | undefined;
  others: Map<string, Step> | undefined;
  /** The same for names of objects. */
  innerName: string;
  inner: Step | undefined;
  inners: Map<string, Step> | undefined;
  /** Where the end of an object leads. */
  end: Step | undefined;
  seen: boolean;
  layout: Layout | undefined;
}

/** Values of one event that are told apart, and levels; an event with more is read field by field. */
export const MOST_CELLS = 1024;
const DEEPEST = 16;
/** Names kept of all shapes together; a sender that makes up new ones costs time, not memory. */
const MOST_STEPS = 50_000;

export function createShapes(readers: Readers): Shapes {
  return { readers, root: createStep(), steps: 0, values: new Array(MOST_CELLS).fill(undefined), count: 0 };
}

function createStep(): Step {
  return {
    name: "",
    to: undefined,
    others: undefined,
    innerName: "",
    inner: undefined,
    inners: undefined,
    end: undefined,
    seen: false,
    layout: undefined,
  };
}

/** The layout of an event whose shape was seen before, its values being in `values`; undefined for any other. */
export function layoutOf(shapes: Shapes, event: object): Layout | undefined {
  shapes.count = 0;
  if (shapes.steps > MOST_STEPS) {
    shapes.root = createStep();
    shapes.steps = 0;
  }
  const last = walk(shapes, shapes.root, event as Record<string, unknown>, 0);
  if (last === undefined) return undefined;
  if (last.layout !== undefined) return last.layout;
  if (!last.seen) {
    // Names that never come again are not worth a layout.
    last.seen = true;
    return undefined;
  }
  last.layout = learn(shapes.readers, event, shapes.count);
  return last.layout;
}

/** Walks past every value of an object; undefined when there are too many, or one that is not plain. */
function walk(shapes: Shapes, from: Step, object: Record<string, unknown>, depth: number): Step | undefined {
  let step = from;
  for (const name in object) {
    const value = object[name];
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (depth === DEEPEST) return undefined;
      const into =
        step.innerName === name && step.inner !== undefined ? step.inner : enter(shapes, step, name);
      const end = walk(shapes, into, value as Record<string, unknown>, depth + 1);
      if (end === undefined) return undefined;
      if (end.end === undefined) {
        end.end = createStep();
        shapes.steps += 1;
      }
      step = end.end;
      continue;
    }
    if (value === undefined) continue;
    if (shapes.count === MOST_CELLS || (typeof value === "object" && value !== null && !isFlat(value))) {
      return undefined;
    }
    shapes.values[shapes.count] = value;
    shapes.count += 1;
    step = step.name === name && step.to !== undefined ? step.to : go(shapes, step, name);
  }
  return step;
}

const isFlat = (list: object) => (list as unknown[]).every((one) => one === null || typeof one !== "object");

function go(shapes: Shapes, step: Step, name: string): Step {
  step.others ??= new Map();
  const to = step.others.get(name) ?? add(shapes, step.others, name);
  step.name = name;
  step.to = to;
  return to;
}

function enter(shapes: Shapes, step: Step, name: string): Step {
  step.inners ??= new Map();
  const into = step.inners.get(name) ?? add(shapes, step.inners, name);
  step.innerName = name;
  step.inner = into;
  return into;
}

function add(shapes: Shapes, to: Map<string, Step>, name: string): Step {
  const step = createStep();
  to.set(name, step);
  shapes.steps += 1;
  return step;
}

/**
 * Finds out where each field is read from: an event of the same names, whose values are marks, is put to the
 * readers.
 */
function learn(readers: Readers, event: object, count: number): Layout {
  const marks = new Map<unknown, number>();
  const marked = markedCopy(event as Record<string, unknown>, marks) as never;
  const layout: Layout = {
    cellOf: new Int32Array(readers.fields.length).fill(-1),
    computed: new Map(),
    keyword: new Uint8Array(count + readers.fields.length),
    cells: count,
  };
  for (const [field, read] of readers.fields.entries()) {
    const found = readers.computed.has(field) ? event : read(marked);
    if (found === undefined) continue;
    let cell = marks.get(found);
    if (cell === undefined) {
      cell = layout.cells;
      layout.cells += 1;
      layout.computed.set(cell, read);
    }
    layout.cellOf[field] = cell;
  }
  for (const text of readers.keywords(marked)) layout.keyword[marks.get(text) as number] = 1;
  return layout;
}

function markedCopy(object: Record<string, unknown>, marks: Map<unknown, number>): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const name in object) {
    const value = object[name];
    if (value === undefined) continue;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      entries.push([name, markedCopy(value as Record<string, unknown>, marks)]);
      continue;
    }
    const mark = `\0mark ${marks.size}`;
    marks.set(mark, marks.size);
    entries.push([name, mark]);
  }
  return Object.fromEntries(entries);
}

/** The layout of one event that has none, its values being left in `values`: each field is read, and on its own. */
export function readLayout(shapes: Shapes, event: object): Layout {
  const { readers, values } = shapes;
  const cellOf = new Int32Array(readers.fields.length).fill(-1);
  let cells = 0;
  for (const [field, read] of readers.fields.entries()) {
    const value = read(event as never);
    if (value === undefined) continue;
    values[cells] = value;
    cellOf[field] = cells;
    cells += 1;
  }
  const keyword = new Uint8Array(cells + 1);
  keyword[cells] = 1;
  return { cellOf, computed: new Map([[cells, readers.keywords]]), keyword, cells: cells + 1 };
}
