/** A center and its nodes on machines of their own: network namespaces where those may be made, otherwise relays on loopback. */
import { type Relay, startRelay } from "./relay.ts";

export interface Links extends AsyncDisposable {
  readonly kind: "namespaces" | "relays";
  /** What stands before a program that runs on the center's machine, or on the one of a node (from 0). */
  readonly onCenter: readonly string[];
  onNode(index: number): readonly string[];
  /** Where the center must listen, and the names by which it is reached. */
  readonly host: string;
  readonly names: readonly string[];
  /** The center's address for the test itself, and for a node, once it listens on `port`. */
  operatorUrl(port: number): string;
  nodeUrl(index: number, port: number): Promise<string>;
  cut(index: number): Promise<void>;
  mend(index: number): Promise<void>;
}

export async function makeLinks(nodes: number): Promise<Links> {
  const prefix = `al${process.pid}`;
  return (await mayMakeNamespaces(prefix)) ? makeNamespaces(prefix, nodes) : makeRelays(nodes);
}

async function mayMakeNamespaces(prefix: string): Promise<boolean> {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !Bun.which("ip")) return false;
  if (!(await ip(["netns", "add", `${prefix}-try`]))) return false;
  const hasPair = await ip(["-n", `${prefix}-try`, "link", "add", "a", "type", "veth", "peer", "name", "b"]);
  await ip(["netns", "del", `${prefix}-try`]);
  return hasPair;
}

async function ip(words: readonly string[]): Promise<boolean> {
  return (await Bun.spawn(["ip", ...words], { stdout: "ignore", stderr: "ignore" }).exited) === 0;
}

async function mustIp(words: readonly string[]): Promise<void> {
  if (!(await ip(words))) throw new Error(`ip ${words.join(" ")} failed`);
}

/** The center's namespace has a pair of its own with each node's, and one with the test's. */
async function makeNamespaces(prefix: string, nodes: number): Promise<Links> {
  await using stack = new AsyncDisposableStack();
  // Others on this machine may do the same.
  const net = `10.${100 + (process.pid % 100)}`;
  const center = `${prefix}-c`;
  const nameOf = (index: number) => `${prefix}-n${index}`;
  const make = async (name: string) => {
    await mustIp(["netns", "add", name]);
    stack.defer(async () => void (await ip(["netns", "del", name])));
    await mustIp(["-n", name, "link", "set", "lo", "up"]);
  };
  await make(center);
  const outer = `v${process.pid}`;
  await mustIp(["link", "add", outer, "type", "veth", "peer", "name", "op", "netns", center]);
  stack.defer(async () => void (await ip(["link", "del", outer])));
  await mustIp(["addr", "add", `${net}.255.1/24`, "dev", outer]);
  await mustIp(["link", "set", outer, "up"]);
  await mustIp(["-n", center, "addr", "add", `${net}.255.2/24`, "dev", "op"]);
  await mustIp(["-n", center, "link", "set", "op", "up"]);
  for (let index = 0; index < nodes; index++) {
    const node = nameOf(index);
    await make(node);
    await mustIp(["-n", center, "link", "add", `n${index}`, "type", "veth", "peer", "name", "up", "netns", node]);
    await mustIp(["-n", center, "addr", "add", `${net}.${index}.1/24`, "dev", `n${index}`]);
    await mustIp(["-n", center, "link", "set", `n${index}`, "up"]);
    await mustIp(["-n", node, "addr", "add", `${net}.${index}.2/24`, "dev", "up"]);
    await mustIp(["-n", node, "link", "set", "up", "up"]);
  }
  const owned = stack.move();
  return {
    kind: "namespaces",
    onCenter: ["ip", "netns", "exec", center],
    onNode: (index) => ["ip", "netns", "exec", nameOf(index)],
    host: "0.0.0.0",
    names: [`${net}.255.2`, ...Array.from({ length: nodes }, (_, index) => `${net}.${index}.1`)],
    operatorUrl: (port) => `ws://${net}.255.2:${port}/ws`,
    nodeUrl: async (index, port) => `ws://${net}.${index}.1:${port}/ws`,
    cut: (index) => mustIp(["-n", nameOf(index), "link", "set", "up", "down"]),
    mend: (index) => mustIp(["-n", nameOf(index), "link", "set", "up", "up"]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function makeRelays(nodes: number): Promise<Links> {
  const relays: (Relay | undefined)[] = new Array(nodes).fill(undefined);
  return {
    kind: "relays",
    onCenter: [],
    onNode: () => [],
    host: "127.0.0.1",
    names: [],
    operatorUrl: (port) => `ws://127.0.0.1:${port}/ws`,
    async nodeUrl(index, port) {
      relays[index] ??= await startRelay(port);
      return `ws://127.0.0.1:${relays[index].port}/ws`;
    },
    async cut(index) {
      relays[index]?.cut();
    },
    async mend(index) {
      relays[index]?.mend();
    },
    async [Symbol.asyncDispose]() {
      for (const relay of relays) await relay?.[Symbol.asyncDispose]();
    },
  };
}
