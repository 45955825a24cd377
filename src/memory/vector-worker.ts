/**
 * Compares a vector with all others of a namespace, beside the event loop. It is carried as text and runs alone: it imports nothing
 * of Aleph. Vectors are bytes (see `quantize`), so that a dot product is exact in whole numbers; it is computed by WebAssembly SIMD,
 * which took some 20 ms for 100,000 vectors of 768 dimensions where JavaScript took 270 and sqlite-vec 82 (bytes) and 160 (floats).
 */
import { Database } from "bun:sqlite";

interface Question {
  readonly id: number;
  readonly path: string;
  readonly model: string;
  readonly agent: string;
  readonly owner: string;
  readonly vector: Int8Array;
  readonly limit: number;
}

interface Segment {
  readonly dimensions: number;
  /** Bytes of one vector, a multiple of 64. */
  readonly stride: number;
  readonly memory: WebAssembly.Memory;
  readonly scan: (query: number, vectors: number, results: number, count: number, stride: number) => void;
  facts: number[];
  lastId: number;
}

const PAGE = 65_536;

serve();

function serve(): void {
  const segments = new Map<string, Segment>();
  let db: Database | undefined;
  self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
    try {
      db ??= new Database(data.path, { readonly: true });
      self.postMessage({ id: data.id, found: search(db, segments, data) });
    } catch (error) {
      self.postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) });
    }
  });
}

function search(
  db: Database,
  segments: Map<string, Segment>,
  { model, agent, owner, vector, limit }: Question,
): readonly { readonly fact: number; readonly score: number }[] {
  const key = JSON.stringify([model, agent, owner, vector.length]);
  const segment = segments.get(key) ?? createSegment(vector.length);
  segments.set(key, segment);
  load(db, segment, model, agent, owner);
  const { facts, stride, memory, scan } = segment;
  const results = resultsAt(stride, facts.length);
  const query = new Int8Array(memory.buffer, 0, stride).fill(0);
  query.set(vector);
  scan(0, stride, results, facts.length, stride);
  const dots = new Int32Array(memory.buffer, results, facts.length);
  return best(dots, limit).map((place) => ({ fact: facts[place]!, score: dots[place]! / (127 * 127) }));
}

function load(db: Database, segment: Segment, model: string, agent: string, owner: string): void {
  const rows = db
    .query<{ id: number; fact: number; vector: Uint8Array }, [string, string, string, number, number]>(
      // CROSS: only what came since is looked at, rather than all facts of the namespace.
      `SELECT v.id, v.fact, v.vector FROM fact_vector v CROSS JOIN fact f ON f.id = v.fact
       WHERE v.model = ? AND f.agent = ? AND f.owner = ? AND v.id > ? AND length(v.vector) = ? ORDER BY v.id`,
    )
    .iterate(model, agent, owner, segment.lastId, segment.dimensions);
  for (const { id, fact, vector } of rows) {
    const at = segment.stride * (segment.facts.length + 1);
    const missing = at + segment.stride + 4 * (segment.facts.length + 1) + 64 - segment.memory.buffer.byteLength;
    if (missing > 0) segment.memory.grow(Math.ceil(Math.max(missing, segment.memory.buffer.byteLength / 4) / PAGE));
    new Uint8Array(segment.memory.buffer, at, vector.length).set(vector);
    segment.facts.push(fact);
    segment.lastId = id;
  }
}

function resultsAt(stride: number, count: number): number {
  return stride * (count + 1);
}

/** Places of the greatest, greatest first. */
function best(values: Int32Array, limit: number): readonly number[] {
  const kept: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let place = 0; place < values.length; place++) {
    const value = values[place]!;
    if (kept.length === limit && value <= least) continue;
    let at = kept.length;
    while (at > 0 && values[kept[at - 1]!]! < value) at--;
    kept.splice(at, 0, place);
    if (kept.length > limit) kept.pop();
    least = values[kept.at(-1)!]!;
  }
  return kept;
}

function createSegment(dimensions: number): Segment {
  const stride = Math.ceil(dimensions / 64) * 64;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((stride * 64) / PAGE) + 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(scanModule()), { m: { m: memory } });
  return { dimensions, stride, memory, scan: exports.scan as Segment["scan"], facts: [], lastId: 0 };
}

/**
 * The binary of a module with `scan(query, vectors, results, count, stride)`: for each of `count` vectors the dot product with the query
 * as an i32. WebAssembly core specification 2.0, chapter 5; opcodes as they are named in its index of instructions.
 */
function scanModule(): Uint8Array<ArrayBuffer> {
  const [QUERY, VECTORS, RESULTS, COUNT, STRIDE, AT, SUM] = [0, 1, 2, 3, 4, 5, 6];
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const constant = (value: number) => [0x41, ...signed(value)];
  const simd = (op: number, ...rest: number[]) => [0xfd, ...unsigned(op), ...rest];
  const [add, subtract] = [0x6a, 0x6b];
  const widened = (base: number, offset: number) => [
    ...[...get(base), ...get(AT), add],
    ...simd(1, 0, ...unsigned(offset)), // v128.load8x8_s
  ];
  // i32x4.dot_i16x8_s, i32x4.add
  const step = (offset: number) => [...widened(VECTORS, offset), ...widened(QUERY, offset), ...simd(186), ...simd(174)];
  const lane = (index: number) => [...get(SUM), ...simd(27, index)]; // i32x4.extract_lane
  const body = [
    ...[2, 1, 0x7f, 1, 0x7b], // locals: AT i32, SUM v128
    ...[0x02, 0x40, 0x03, 0x40], // block, loop over the vectors
    ...[...get(COUNT), 0x45, 0x0d, 1], // none left: end
    ...[...constant(0), ...set(AT), ...simd(12), ...Array.from({ length: 16 }, () => 0), ...set(SUM)],
    ...[0x03, 0x40], // loop over 64 dimensions at a time
    ...[...get(SUM), ...[0, 8, 16, 24, 32, 40, 48, 56].flatMap(step), ...set(SUM)],
    ...[...get(AT), ...constant(64), add, 0x22, AT, ...get(STRIDE), 0x49, 0x0d, 0, 0x0b],
    ...[...get(RESULTS), ...lane(0), ...lane(1), add, ...lane(2), add, ...lane(3), add, 0x36, 2, 0],
    ...[...get(RESULTS), ...constant(4), add, ...set(RESULTS)],
    ...[...get(VECTORS), ...get(STRIDE), add, ...set(VECTORS)],
    ...[...get(COUNT), ...constant(1), subtract, ...set(COUNT), 0x0c, 0],
    ...[0x0b, 0x0b, 0x0b],
  ];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0]),
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 4, ...new TextEncoder().encode("scan"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** Of what is at least 0. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >> 7)];
}
