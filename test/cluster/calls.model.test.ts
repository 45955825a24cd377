/** Calls under 10,000 seeded schedules of cuts and restarts, and twins with a rule broken that the same schedules must find. */
import { describe, expect, test } from "bun:test";
import { type CallEnd, Calls, type CallsOptions } from "../../src/cluster/calls.ts";
import { KeptCalls } from "../../src/cluster/kept-calls.ts";
import { seededRandom } from "../support/random.ts";

type Center = Pick<Calls<string>, "begin" | "answered" | "never" | "unknown" | "cut" | "joined">;
type Node = Pick<KeptCalls<string>, "begin" | "end" | "look" | "whenEnded">;

/** What the schedules drive: the real parts, or one with a fault. `resend` is what the real ones have no use for. */
interface Subject {
  center(options: CallsOptions<string>, resend: (callId: string, line: string) => void): Center;
  node(): Node;
}

const real: Subject = {
  center: (options) => new Calls(options),
  node: () => new KeptCalls({ now: () => 0, sizeOf: ({ length }) => length }),
};

type ToNode = { readonly kind: "call" | "ask"; readonly id: string };
type ToCenter =
  | { readonly kind: "answer"; readonly id: string; readonly answer: string }
  | { readonly kind: "never" | "forgotten"; readonly id: string };

/** One center, one node and the line between them, all of which can end at any step. */
class World {
  readonly begun = new Map<string, number>();
  readonly finished = new Set<string>();
  readonly ends = new Map<string, CallEnd<string>[]>();
  readonly #subject: Subject;
  readonly #random: (below: number) => number;
  #center: Center;
  #node: Node;
  #boot = 1;
  #lines = 0;
  #line: { readonly name: string; readonly out: ToNode[]; readonly back: ToCenter[] } | undefined;
  /** Frames of lines that were cut, which may still come out of some buffer. */
  readonly #strays: ToNode[] = [];
  readonly #running = new Set<string>();
  /** What the center has written down: the process of the node that each call was sent to. */
  readonly #records = new Map<string, string>();
  #calls = 0;

  constructor(subject: Subject, random: (below: number) => number) {
    this.#subject = subject;
    this.#random = random;
    this.#center = this.#open();
    this.#node = subject.node();
  }

  step(): void {
    const acts = [
      () => this.#begin(),
      () => this.#begin(),
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#hear(),
      () => this.#hear(),
      () => this.#finish(),
      () => this.#cut(),
      () => this.#join(),
      () => this.#stray(),
      () => (this.#random(3) === 0 ? this.#restart() : this.#late()),
    ];
    acts[this.#random(acts.length)]!();
  }

  /** All that can still happen, happens. */
  settle(): void {
    this.#join();
    for (let round = 0; round < 200; round++) {
      this.#deliver();
      this.#hear();
      this.#finish();
      this.#stray();
    }
    for (const id of [...this.#records.keys()]) this.#center.unknown(id, "late");
  }

  fault(): string | undefined {
    for (let number = 1; number <= this.#calls; number++) {
      const id = `c${number}`;
      const ends = this.ends.get(id) ?? [];
      const begun = this.begun.get(id) ?? 0;
      if (begun > 1) return "began twice";
      if (ends.length > 1) return "ended twice";
      const [end] = ends;
      if (end?.kind === "never" && begun > 0) return "never, and yet it began";
      if (end?.kind === "answered" && !this.finished.has(id)) return "answered, and yet it did not finish";
    }
    return undefined;
  }

  get open(): number {
    return this.#records.size;
  }

  #open(): Center {
    return this.#subject.center(
      {
        ask: (id) => this.#line?.out.push({ kind: "ask", id }),
        onEnd: (id, end) => {
          this.ends.set(id, [...(this.ends.get(id) ?? []), end]);
          this.#records.delete(id);
        },
      },
      (id) => this.#line?.out.push({ kind: "call", id }),
    );
  }

  #begin(): void {
    if (!this.#line) return;
    const id = `c${++this.#calls}`;
    this.#records.set(id, `b${this.#boot}`);
    this.#center.begin(id, "n", `b${this.#boot}`, this.#line.name);
    this.#line.out.push({ kind: "call", id });
  }

  #deliver(): void {
    const frame = this.#line?.out.shift();
    if (frame) this.#take(frame);
  }

  #stray(): void {
    const frame = this.#strays.shift();
    if (frame) this.#take(frame);
  }

  #take({ kind, id }: ToNode): void {
    if (kind === "call") {
      if (this.#node.begin(id)) {
        this.begun.set(id, (this.begun.get(id) ?? 0) + 1);
        this.#running.add(id);
        this.#answerWhenEnded(id);
      } else this.#tell(id);
    } else this.#tell(id);
  }

  #tell(id: string): void {
    const memory = this.#node.look(id);
    if (memory.state === "running") this.#answerWhenEnded(id);
    else if (memory.state === "ended") this.#line?.back.push({ kind: "answer", id, answer: memory.answer });
    else this.#line?.back.push({ kind: memory.state, id });
  }

  #answerWhenEnded(id: string): void {
    const line = this.#line;
    this.#node.whenEnded(id, (answer) => line?.back.push({ kind: "answer", id, answer }));
  }

  #hear(): void {
    const frame = this.#line?.back.shift();
    if (frame?.kind === "answer") this.#center.answered(frame.id, frame.answer);
    else if (frame?.kind === "never") this.#center.never(frame.id);
    else if (frame) this.#center.unknown(frame.id, "forgotten");
  }

  #finish(): void {
    const [id] = this.#running;
    if (id === undefined) return;
    this.#running.delete(id);
    this.finished.add(id);
    this.#node.end(id, `answer of ${id}`);
  }

  #cut(): void {
    if (!this.#line) return;
    const { name, out } = this.#line;
    if (this.#random(2) === 0) this.#strays.push(...out);
    this.#line = undefined;
    this.#center.cut(name);
  }

  #join(): void {
    this.#cut();
    this.#line = { name: `l${++this.#lines}`, out: [], back: [] };
    this.#center.joined("n", `b${this.#boot}`, this.#line.name);
  }

  #late(): void {
    const [id] = this.#records.keys();
    if (id !== undefined) this.#center.unknown(id, "late");
  }

  #restart(): void {
    this.#cut();
    if (this.#random(2) === 0) {
      this.#boot++;
      this.#node = this.#subject.node();
      this.#running.clear();
      // With the process go its sockets, and what was in them.
      this.#strays.length = 0;
    } else {
      this.#center = this.#open();
      for (const [id, boot] of this.#records) this.#center.begin(id, "n", boot, undefined);
    }
  }
}

function faultOf(seed: number, subject: Subject): string | undefined {
  const random = seededRandom(seed);
  const world = new World(subject, (below) => Math.floor(random() * below));
  for (let step = 0; step < 60; step++) {
    world.step();
    const fault = world.fault();
    if (fault) return fault;
  }
  world.settle();
  return world.fault() ?? (world.open > 0 ? "without an end" : undefined);
}

describe("Calls and KeptCalls", () => {
  test("Calls end once, truly, and begin no work twice in 10,000 schedules", () => {
    for (let seed = 0; seed < 10_000; seed++) expect([seed, faultOf(seed, real)]).toEqual([seed, undefined]);
  });

  test.each([
    [
      "began twice",
      // Sends again what was cut off, whatever process of the node there is now.
      {
        ...real,
        center(options, resend) {
          const calls = new Calls<string>({ ...options, ask: resend });
          const boots = new Map<string, string>();
          return {
            begin(id, node, boot, line) {
              boots.set(id, boot);
              calls.begin(id, node, boot, line);
            },
            joined: (node, _boot, line) => {
              for (const boot of new Set(boots.values())) calls.joined(node, boot, line);
            },
            answered: (id, answer) => calls.answered(id, answer),
            never: (id) => calls.never(id),
            unknown: (id, why) => why !== "forgotten" && calls.unknown(id, why),
            cut: (line) => calls.cut(line),
          };
        },
      },
    ],
    [
      "never, and yet it began",
      // Says that it never began a call, and begins it when it comes after all.
      {
        ...real,
        node() {
          const known = new Set<string>();
          const kept = new KeptCalls<string>({ now: () => 0, sizeOf: () => 1 });
          return {
            begin(id) {
              known.add(id);
              return kept.begin(id);
            },
            look: (id) => (known.has(id) ? kept.look(id) : { state: "never" }),
            end: (id, answer) => kept.end(id, answer),
            whenEnded: (id, listener) => kept.whenEnded(id, listener),
          };
        },
      },
    ],
    [
      "never, and yet it began",
      // Takes a cut for a failure.
      {
        ...real,
        center(options) {
          const calls = new Calls<string>(options);
          const lines = new Map<string, string[]>();
          return {
            begin(id, node, boot, line) {
              if (line !== undefined) lines.set(line, [...(lines.get(line) ?? []), id]);
              calls.begin(id, node, boot, line);
            },
            cut(line) {
              for (const id of lines.get(line) ?? []) calls.never(id);
            },
            joined: (node, boot, line) => calls.joined(node, boot, line),
            answered: (id, answer) => calls.answered(id, answer),
            never: (id) => calls.never(id),
            unknown: (id, why) => calls.unknown(id, why),
          };
        },
      },
    ],
    [
      "ended twice",
      // Tells of each word that comes.
      {
        ...real,
        center(options) {
          const calls = new Calls<string>({ ...options, onEnd: () => undefined });
          return {
            begin: (id, node, boot, line) => calls.begin(id, node, boot, line),
            cut: (line) => calls.cut(line),
            joined: (node, boot, line) => calls.joined(node, boot, line),
            answered(id, answer) {
              options.onEnd(id, { kind: "answered", answer });
              return true;
            },
            never: (id) => calls.never(id),
            unknown(id, why) {
              options.onEnd(id, { kind: "unknown", why });
              return calls.unknown(id, why);
            },
          };
        },
      },
    ],
  ] as const satisfies readonly (readonly [string, Subject])[])(
    "the schedules find the fault of a twin: %s",
    (fault, subject) => {
      const found = new Set<string | undefined>();
      for (let seed = 0; seed < 1_000 && !found.has(fault); seed++) found.add(faultOf(seed, subject));
      expect([...found]).toContain(fault);
    },
  );
});

describe("KeptCalls", () => {
  const opened = (limits = {}) => {
    let clock = 0;
    const kept = new KeptCalls<string>({ now: () => clock, sizeOf: ({ length }) => length, limits });
    return { kept, pass: (ms: number) => (clock += ms) };
  };

  test("an answer is kept for its time, and then it is known that there was one", () => {
    const { kept, pass } = opened({ lastsMs: 100 });
    expect([kept.begin("a"), kept.begin("a")]).toEqual([true, false]);
    expect(kept.look("a")).toEqual({ state: "running" });
    kept.end("a", "done");
    pass(99);
    expect(kept.look("a")).toEqual({ state: "ended", answer: "done" });
    pass(1);
    expect([kept.look("a"), kept.begin("a")]).toEqual([{ state: "forgotten" }, false]);
  });

  test("answers are dropped, the oldest first, when they are too large together", () => {
    const { kept } = opened({ bytes: 10 });
    for (const id of ["a", "b", "c"]) {
      kept.begin(id);
      kept.end(id, "12345");
    }
    expect(["a", "b", "c"].map((id) => kept.look(id).state)).toEqual(["forgotten", "ended", "ended"]);
  });

  test("what runs is never dropped, and who waits is told the answer once", () => {
    const { kept, pass } = opened({ lastsMs: 1, bytes: 1 });
    const told: string[] = [];
    kept.begin("slow");
    kept.whenEnded("slow", (answer) => told.push(answer));
    pass(1_000);
    expect(kept.look("slow")).toEqual({ state: "running" });
    kept.end("slow", "x");
    kept.end("slow", "y");
    expect(told).toEqual(["x"]);
  });

  test("when ids had to be dropped nothing is said for sure of one that is not known", () => {
    const { kept, pass } = opened({ lastsMs: 1, ids: 1 });
    for (const id of ["a", "b"]) {
      kept.begin(id);
      kept.end(id, "x");
    }
    pass(2);
    expect(["a", "new"].map((id) => kept.look(id).state)).toEqual(["forgotten", "forgotten"]);
  });
});
