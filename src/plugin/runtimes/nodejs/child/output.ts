/** What the plugin prints goes to standard error, which the server logs: standard output and input are the server's. */

export function takeOverOutput(): void {
  const print = console.error.bind(console);
  const counts = new Map<string, number>();
  const times = new Map<string, number>();
  let indent = "";
  const log = (...values: unknown[]) => (indent === "" ? print(...values) : print(indent, ...values));
  const elapsed = (label: string) =>
    `${label}: ${(performance.now() - (times.get(label) ?? Number.NaN)).toFixed(2)} ms`;
  const group = (...values: unknown[]) => {
    if (values.length > 0) log(...values);
    indent += "  ";
  };
  Object.assign(console, {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    trace: (...values: unknown[]) => log(...values, new Error("trace").stack),
    dir: (value: unknown) => log(value),
    dirxml: log,
    table: (value: unknown) => log(typeof value === "object" && value !== null ? Bun.inspect.table(value) : value),
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void times.set(label, performance.now()),
    timeLog: (label = "default", ...values: unknown[]) => log(elapsed(label), ...values),
    timeEnd: (label = "default") => {
      log(elapsed(label));
      times.delete(label);
    },
    write: (...texts: (string | ArrayBufferView | ArrayBuffer)[]) => {
      for (const text of texts) process.stderr.write(typeof text === "string" ? text : Buffer.from(text as Uint8Array));
      return texts.length;
    },
  });
  Object.defineProperty(process, "stdout", { get: () => process.stderr, configurable: true });
  let stdin: unknown;
  Object.defineProperty(process, "stdin", {
    get: () => {
      const { Readable } = process.getBuiltinModule("node:stream");
      stdin ??= Readable.from([]);
      return stdin;
    },
    configurable: true,
  });
}
