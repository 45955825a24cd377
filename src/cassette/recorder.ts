/** Records a run: what providers are asked and answer, what tools give back, and what is steered in. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { LoopDeps, LoopRun } from "../agent/loop.ts";
import type { Log } from "../lib/log.ts";
import { describeError } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { EventHooks, Hooks } from "../sdk/hook.ts";
import type { HookEvent } from "../sdk/plugin.ts";
import type { OpenProvider, StreamPart } from "../sdk/provider.ts";
import { CASSETTE_VERSION, cassettePath, type Line, type RecordedError } from "./cassette.ts";
import { createMasking, type Masking } from "./masking.ts";

export interface RecorderOptions {
  /** The folder of logs. */
  readonly logs: string;
  /** Secrets by their value, to be masked besides what looks like one. */
  readonly secrets: () => Promise<readonly string[]>;
  readonly log: Log;
}

/** The same run, recorded as it goes. A disk that refuses ends the recording, not the run. */
export async function recordRun(
  { logs, secrets, log }: RecorderOptions,
  deps: LoopDeps,
  loopRun: LoopRun,
): Promise<readonly [LoopDeps, LoopRun]> {
  const { run, session } = loopRun;
  const tape = new Tape(cassettePath(logs, run.id), createMasking(await secrets()), log.child({ run_id: run.id }));
  const facts = { run_id: run.id, session, now: deps.now(), time_zone: deps.timeZone() };
  tape.write({ type: "run", version: CASSETTE_VERSION, ...facts });
  return [
    {
      ...deps,
      models: recordedModels(deps.models, tape),
      toolbox: recordedToolbox(deps.toolbox, tape),
      hooks: recordedHooks(deps.hooks, tape),
      ...(deps.recall ? { recall: recordedRecall(deps.recall, tape) } : {}),
    },
    {
      ...loopRun,
      takeSteered() {
        const messages = loopRun.takeSteered();
        if (messages.length > 0) tape.write({ type: "steered", messages });
        return messages;
      },
    },
  ];
}

class Tape {
  readonly masking: Masking;
  readonly #path: string;
  readonly #log: Log;
  #failed = false;
  #calls = 0;
  /** Lines of tools that run beside each other: written when the last of them has ended. */
  #held: Line[] = [];
  #tools = 0;

  constructor(path: string, masking: Masking, log: Log) {
    this.#path = path;
    this.masking = masking;
    this.#log = log;
    this.#try(() => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
  }

  write(...lines: readonly Line[]): void {
    this.#append(lines.map((line) => this.masking.value(line)));
  }

  nextCall(): number {
    return ++this.#calls;
  }

  /** As they are: masked already, as the parts of one reply. */
  writeReply(call: number, parts: readonly StreamPart[], end: Line): void {
    const lines = this.masking.parts(parts).map((part): Line => ({ type: "part", call, part }));
    this.#append([...lines, this.masking.value(end)]);
  }

  toolBegins(): void {
    this.#tools++;
  }

  progress(callId: string, text: string): void {
    this.#held.push({ type: "progress", call_id: callId, text });
  }

  /** Without a line when there is no outcome. */
  toolEnds(line?: Line & { type: "tool" }): void {
    if (line) this.#held.push(line);
    if (--this.#tools > 0) return;
    const lines = this.#held;
    this.#held = [];
    const ids = new Set(lines.map((held) => ("call_id" in held ? held.call_id : "")));
    const masked = lines.map((held) => this.masking.value(held) as Line);
    for (const id of ids) {
      const places = lines.flatMap((held, at) => (held.type === "progress" && held.call_id === id ? [at] : []));
      const texts = this.masking.pieces(places.map((at) => (lines[at] as { readonly text: string }).text));
      for (const [index, at] of places.entries()) masked[at] = { ...masked[at]!, text: texts[index]! } as Line;
    }
    this.#append(masked);
  }

  #append(values: readonly unknown[]): void {
    this.#try(() =>
      appendFileSync(this.#path, values.map((value) => `${JSON.stringify(value)}\n`).join(""), { mode: 0o600 }),
    );
  }

  #try(work: () => void): void {
    if (this.#failed) return;
    try {
      work();
    } catch (thrown) {
      this.#failed = true;
      this.#log.error("the run is not recorded any further", describeError(thrown));
    }
  }
}

function recordedModels(models: LoopDeps["models"], tape: Tape): LoopDeps["models"] {
  return {
    order(wanted) {
      const refs = models.order(wanted);
      tape.write({ type: "order", refs });
      return refs;
    },
    async resolve(name, signal) {
      try {
        const found = await models.resolve(name, signal);
        tape.write({ type: "name", name, provider: found.provider, model: found.model });
        return found;
      } catch (thrown) {
        tape.write({ type: "unknown_name", name, error: errorOf(thrown) });
        throw thrown;
      }
    },
    async open(...which) {
      return recordedProvider(await models.open(...which), models, tape);
    },
    known: (provider, model) => models.known(provider, model),
    breaker(id) {
      const breaker = models.breaker(id);
      return {
        ...breaker,
        allow() {
          const allowed = breaker.allow();
          if (!allowed) tape.write({ type: "paused", provider: id });
          return allowed;
        },
      };
    },
    forget: (...which) => models.forget(...which),
  };
}

function recordedProvider(provider: OpenProvider, models: Pick<LoopDeps["models"], "known">, tape: Tape): OpenProvider {
  const takes = (model: string) => provider.takes?.(model);
  return {
    id: provider.id,
    models: (signal) => provider.models(signal),
    takes: (model) => takes(model) ?? [],
    async *stream(request, signal) {
      const call = tape.nextCall();
      const known = models.known(provider.id, request.model);
      const read = takes(request.model);
      const about = { provider: provider.id, known, ...(read === undefined ? {} : { takes: read }) };
      tape.write({ type: "request", call, ...about, request });
      const parts: StreamPart[] = [];
      let end: Line = { type: "end", call };
      try {
        for await (const part of provider.stream(request, signal)) {
          parts.push(part);
          yield part;
        }
      } catch (thrown) {
        end = { type: "error", call, error: errorOf(thrown) };
        throw thrown;
      } finally {
        tape.writeReply(call, parts, end);
      }
    },
  };
}

function recordedRecall(recall: NonNullable<LoopDeps["recall"]>, tape: Tape): NonNullable<LoopDeps["recall"]> {
  return async (...which) => {
    const recalled = await recall(...which);
    if (recalled) tape.write({ type: "recall", recalled });
    return recalled;
  };
}

function recordedToolbox(toolbox: LoopDeps["toolbox"], tape: Tape): LoopDeps["toolbox"] {
  return {
    workspace: (agent) => toolbox.workspace(agent),
    specs: (agent, tools, which) => toolbox.specs(agent, tools, which),
    async call(wanted, scope) {
      tape.toolBegins();
      const { callId: call_id, tool, args } = wanted;
      const progress = (text: string) => {
        tape.progress(call_id, text);
        scope.progress?.(text);
      };
      let line: (Line & { type: "tool" }) | undefined;
      try {
        const outcome = await toolbox.call(wanted, { ...scope, progress });
        line = { type: "tool", call_id, tool, args, outcome };
        return outcome;
      } finally {
        tape.toolEnds(line);
      }
    },
  };
}

function recordedHooks(hooks: Hooks, tape: Tape): Hooks {
  const recorded = <E extends HookEvent>(event: E, found: EventHooks<E> | undefined): EventHooks<E> | undefined =>
    found && {
      decides: found.decides,
      async run(context, signal) {
        const about = { type: "hook", event, decides: found.decides } as const;
        try {
          const outcome = await found.run(context, signal);
          tape.write({ ...about, outcome });
          return outcome;
        } catch (thrown) {
          tape.write({ ...about, error: errorOf(thrown) });
          throw thrown;
        }
      },
    };
  return {
    of(event) {
      const found = hooks.of(event);
      return found instanceof Promise ? found.then((later) => recorded(event, later)) : recorded(event, found);
    },
  };
}

function errorOf(thrown: unknown): RecordedError {
  const { reason, message, data } = AlephError.from(thrown);
  return { reason, message, data };
}
