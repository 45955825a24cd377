/**
 * Tells the server what the plugin was kept from, so that its owner learns of it, also when the plugin handles the error
 * itself. The system has denied it by then: whoever goes round this gets no further, only less noticed.
 */
import type { EventEmitter } from "node:events";
import type { Wire } from "./wire.ts";

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Functions = Record<string, unknown>;

const MAX_DEPTH = 5;
/** More say nothing new. */
const MAX_NOTES = 200;
const SPAWNS = /^(?:posix_)?spawn|^(?:v?fork|execve?)/;

export class DenialWatch {
  readonly #wire: Wire;
  readonly #seen = new WeakSet<object>();
  #notes = 0;
  /** Whether sockets are denied too; known once the server has said so. */
  confined = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Looks at an error, and at its causes. */
  readonly note = (thrown: unknown, depth = 0): void => {
    if (typeof thrown !== "object" || thrown === null || depth > MAX_DEPTH || this.#seen.has(thrown)) return;
    this.#seen.add(thrown);
    const { code, path, syscall, cause, errors } = thrown as Record<string, unknown>;
    if (code === "EACCES" || code === "EPERM") {
      const isProcess = typeof syscall === "string" && SPAWNS.test(syscall);
      const target = typeof path === "string" ? path : isProcess ? String(syscall) : undefined;
      if (target !== undefined) this.#tell(isProcess ? "process" : "filesystem", target);
    }
    this.note(cause, depth + 1);
    if (Array.isArray(errors)) for (const error of errors.slice(0, MAX_DEPTH)) this.note(error, depth + 1);
  };

  /** Watches the functions through which plugins reach files, programs and sockets. */
  install(): void {
    const fs = process.getBuiltinModule("node:fs") as unknown as Functions;
    this.#watchAll(fs);
    this.#watchAll(fs.promises as Functions);
    this.#watchAll(process.getBuiltinModule("node:child_process") as unknown as Functions);
    this.#watchAll(Bun as unknown as Functions, ["spawn", "spawnSync", "write"]);
    this.#watchAll(Blob.prototype as unknown as Functions, ["arrayBuffer", "bytes", "formData", "json", "text"]);
    this.#watchConnect(Bun as unknown as Functions);
    const { Socket } = process.getBuiltinModule("node:net");
    this.#watchConnect(Socket.prototype as unknown as Functions);
  }

  #watchAll(owner: Functions, names: readonly string[] = Object.keys(owner)): void {
    for (const name of names) {
      const original = owner[name];
      // Classes keep their own constructors.
      if (typeof original !== "function" || /^[A-Z]/.test(name)) continue;
      owner[name] = this.#watched(original as AnyFunction);
    }
  }

  #watched(original: AnyFunction): AnyFunction {
    const { note } = this;
    const watched: AnyFunction = function (...args) {
      const callback = args.at(-1);
      if (typeof callback === "function") {
        args[args.length - 1] = function (this: unknown, ...results: unknown[]) {
          note(results[0]);
          return (callback as AnyFunction).apply(this, results);
        };
      }
      try {
        return watchResult(original.apply(this, args), note);
      } catch (thrown) {
        note(thrown);
        throw thrown;
      }
    };
    // What util.promisify looks for, among others.
    return Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
  }

  #watchConnect(owner: Functions): void {
    const connect = owner.connect as AnyFunction;
    const tell = (args: readonly unknown[]) => {
      if (this.confined) this.#tell("network", socketTarget(args));
    };
    owner.connect = function (this: unknown, ...args: unknown[]) {
      tell(args);
      return connect.apply(this, args);
    };
  }

  #tell(kind: "filesystem" | "process" | "network", target: string): void {
    if (++this.#notes <= MAX_NOTES) this.#wire.notify("denied", { kind, target: target.slice(0, 1000) });
  }
}

/** Promises fail later; streams and child processes say it by an event, `spawnSync` in what it returns. */
function watchResult(result: unknown, note: (thrown: unknown) => void): unknown {
  if (result instanceof Promise) {
    return result.catch((thrown: unknown) => {
      note(thrown);
      throw thrown;
    });
  }
  const emitter = result as Partial<EventEmitter> | null | undefined;
  if (typeof result === "object" && typeof emitter?.on === "function") {
    const { errorMonitor } = process.getBuiltinModule("node:events");
    emitter.on(errorMonitor, note);
  } else if (typeof result === "object" && result !== null && "error" in result) {
    note(result.error);
  }
  return result;
}

/** Of the arguments of `connect`: a list of its own, options, a port and a host, or a path. */
function socketTarget(args: readonly unknown[]): string {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const options = typeof first === "object" && first !== null ? (first as Record<string, unknown>) : { port: first };
  const { path, unix, port } = options;
  if (typeof path === "string" || typeof unix === "string") return `unix:${path ?? unix}`;
  if (typeof port === "string" && !/^\d+$/.test(port)) return `unix:${port}`;
  const host = options.hostname ?? options.host ?? (typeof second === "string" ? second : "localhost");
  return `tcp://${host}:${port}`;
}
