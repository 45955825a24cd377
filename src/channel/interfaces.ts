/** The interfaces: which channels the config switches on, kept open and restarted when they or their tables change. */
import type { Config, InterfaceTable } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import { mapStrings } from "../lib/map-strings.ts";
import { nearest } from "../lib/nearest.ts";
import { pause } from "../lib/pause.ts";
import { createSerial } from "../lib/serial.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Publisher } from "../sdk/bus.ts";
import type {
  AnyChannel,
  ChannelCapabilities,
  ChannelHost,
  ChannelLimits,
  Chat,
  OpenChannel,
  SentMessage,
} from "../sdk/channel.ts";
import type { Joined } from "./chats.ts";
import { type InterfaceState, Supervisor } from "./supervisor.ts";

export type Channels = Readonly<Record<string, () => Promise<AnyChannel>>>;

export interface InterfacesOptions {
  /** The built-in ones. */
  readonly channels: Channels;
  /** What the channels need, all together. */
  readonly needs: object;
  readonly config: () => Pick<Config, "interfaces">;
  readonly resolveSecret: (value: string) => Promise<string>;
  /** What becomes of what people write; asked for when the first channel needs it. */
  readonly chats: () => Promise<{
    join(channel: string, joined: Joined): Chat;
  }>;
  readonly bus: Publisher;
  readonly log: Log;
  /** How the time between attempts passes. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly monotonic?: () => number;
}

/** Lines a second about messages that were refused, beyond the first ones. */
const REFUSAL_LINES = 0.1;
const FIRST_REFUSAL_LINES = 10;

interface Entry {
  readonly load: Channels[string];
  readonly supervisor: Supervisor;
}

export interface InterfaceStatus {
  readonly id: string;
  /** As the config says; what a person started or stopped since then shows in `state`. */
  readonly enabled: boolean;
  readonly state: InterfaceState;
  /** Why the last attempt to start failed, until one succeeds. */
  readonly error: AlephError | undefined;
  readonly capabilities: ChannelCapabilities;
  readonly limits: ChannelLimits;
  /** Messages of people who may not write, since the server started. */
  readonly refused: number;
}

export class Interfaces implements AsyncDisposable {
  readonly #o: InterfacesOptions;
  readonly #entries = new Map<string, Entry>();
  /** The tables that were last acted on. */
  readonly #applied = new Map<string, InterfaceTable | undefined>();
  readonly #refused = new Map<string, number>();
  readonly #refusalLines: TokenBucket;
  readonly #serial = createSerial();
  /** Those of plugins. */
  #offered: Channels = {};
  #isApplied = false;
  #closed = false;

  constructor(options: InterfacesOptions) {
    const { channels, monotonic = () => performance.now() } = options;
    this.#o = options;
    this.#refusalLines = createTokenBucket(REFUSAL_LINES, monotonic, FIRST_REFUSAL_LINES);
    for (const [id, load] of Object.entries(channels)) this.#add(id, load);
  }

  /** Starts what the config switches on; at later calls restarts or stops that whose table changed, and only that. */
  apply(): Promise<void> {
    return this.#serial(async () => {
      this.#isApplied = true;
      await this.#followAccounts();
      await Promise.all([...this.#entries].map(([id, { supervisor }]) => this.#applyOne(id, supervisor)));
    });
  }

  /**
   * The channels that there are besides the built-in ones from now on; a built-in one's name is passed over. Resolves
   * when those have stopped that went, or that another loader stands for now; the new ones are started as by `apply`.
   */
  offer(channels: Channels): Promise<void> {
    return this.#serial(async () => {
      const { channels: builtIn } = this.#o;
      const gone = [...this.#entries].filter(
        ([id, { load }]) => Object.hasOwn(this.#offered, id) && !Object.hasOwn(builtIn, id) && channels[id] !== load,
      );
      await Promise.all(
        gone.map(async ([id, { supervisor }]) => {
          await supervisor.stop();
          this.#entries.delete(id);
          this.#applied.delete(id);
        }),
      );
      if (this.#closed) return;
      this.#offered = channels;
      for (const [id, load] of Object.entries(channels)) {
        if (this.#entries.has(id)) continue;
        const { supervisor } = this.#add(id, load);
        if (this.#isApplied) await this.#applyOne(id, supervisor);
      }
      if (!this.#isApplied) return;
      for (const [id, { supervisor }] of await this.#followAccounts()) await this.#applyOne(id, supervisor);
    });
  }

  list(): Promise<readonly InterfaceStatus[]> {
    return Promise.all([...this.#entries.keys()].map((id) => this.status(id)));
  }

  /** Throws `not_found`, as all that take an id. */
  async status(id: string): Promise<InterfaceStatus> {
    const { load, supervisor } = this.#get(id);
    const { capabilities, limits } = await load();
    const { state, error } = supervisor;
    const refused = this.#refused.get(id) ?? 0;
    return { id, enabled: isEnabled(this.#table(id)), state, error, capabilities, limits, refused };
  }

  /** Resolves when the first attempt has ended; whether it went well, its status tells. */
  async start(id: string): Promise<void> {
    const { supervisor } = this.#get(id);
    if (this.#closed) throw new AlephError("overloaded", "Server is stopping");
    await supervisor.start();
  }

  /** Until it is started again, its table changes or the server starts anew. */
  async stop(id: string): Promise<void> {
    await this.#get(id).supervisor.stop();
  }

  /** While it is running. */
  channel(id: string): OpenChannel | undefined {
    return this.#entries.get(id)?.supervisor.channel;
  }

  /** Throws `not_found`. */
  async parts(id: string): Promise<Pick<AnyChannel, "capabilities" | "limits">> {
    return this.#get(id).load();
  }

  /** Throws `conflict` when it is not running, and what its channel throws. */
  async send(id: string, target: string, message: string): Promise<SentMessage> {
    const { load } = this.#get(id);
    const { limits } = await load();
    if (message.length > limits.message) {
      throw new AlephError("invalid_params", `Message is too long for interface "${id}"`, {
        data: { issues: [{ path: "message", message: `must not be longer than ${limits.message} characters` }] },
      });
    }
    return this.#running(id).send(target, message);
  }

  /** No emoji takes the reaction away. Throws as `send`, and `invalid_params` where the place has no reactions, or not this one. */
  async react(id: string, target: string, messageId: string, emoji: string | null): Promise<void> {
    const { capabilities } = await this.parts(id);
    const channel = capabilities.react ? this.#running(id) : undefined;
    if (!channel?.react) throw new AlephError("invalid_params", `Interface "${id}" has no reactions`);
    await channel.react(target, messageId, emoji);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#serial(async () => {
      await Promise.all([...this.#entries.values()].map(({ supervisor }) => supervisor.stop()));
    });
  }

  #add(id: string, load: Channels[string]): Entry {
    const { bus, log, wait = pause, monotonic = () => performance.now() } = this.#o;
    const open = (signal: AbortSignal) => this.#open(id, load, signal);
    const entry: Entry = { load, supervisor: new Supervisor({ id, open, bus, log, wait, monotonic }) };
    this.#entries.set(id, entry);
    return entry;
  }

  async #applyOne(id: string, supervisor: Supervisor): Promise<void> {
    const table = this.#table(id);
    if (this.#applied.has(id) && Bun.deepEquals(table, this.#applied.get(id))) return;
    this.#applied.set(id, table);
    await supervisor.stop();
    // Not awaited: one that takes long must not hold up the next change of the config.
    if (isEnabled(table) && !this.#closed) void supervisor.start();
  }

  async #open(id: string, load: Channels[string], signal: AbortSignal): Promise<OpenChannel> {
    const { needs, resolveSecret, chats } = this.#o;
    const channel = await load();
    const { enabled: _, type: __, ...table } = this.#table(id) ?? {};
    const resolved = await mapStrings(table, resolveSecret);
    const log = this.#o.log.child({ interface: id });
    const refused = (sender: string) => {
      this.#refused.set(id, (this.#refused.get(id) ?? 0) + 1);
      if (this.#refusalLines.take() === 0) log.warn("message of a stranger refused", { sender: sender.slice(0, 256) });
    };
    const realm = channel.globalSenders ? channel.id : id;
    const host: ChannelHost = {
      id,
      log,
      signal,
      chat: async (policy) => (await chats()).join(id, { realm, policy, refused, signal }),
    };
    return channel.open(needs, readOptions(id, channel, resolved), host);
  }

  /** Tables that name another interface's kind are accounts of their own; what went is stopped. Returns the new ones. */
  async #followAccounts(): Promise<[string, Entry][]> {
    const { channels: builtIn, config } = this.#o;
    const loaders: Channels = { ...this.#offered, ...builtIn };
    const wanted = new Map<string, Channels[string]>();
    for (const [id, { type }] of Object.entries(config().interfaces)) {
      const load = type !== undefined && Object.hasOwn(loaders, type) ? loaders[type] : undefined;
      if (load && !Object.hasOwn(loaders, id)) wanted.set(id, load);
    }
    const isStale = ([id, { load }]: [string, Entry]) => !Object.hasOwn(loaders, id) && wanted.get(id) !== load;
    for (const [id, { supervisor }] of [...this.#entries].filter(isStale)) {
      await supervisor.stop();
      this.#entries.delete(id);
      this.#applied.delete(id);
    }
    return [...wanted].filter(([id]) => !this.#entries.has(id)).map(([id, load]) => [id, this.#add(id, load)]);
  }

  #table(id: string): InterfaceTable | undefined {
    const { interfaces } = this.#o.config();
    return Object.hasOwn(interfaces, id) ? interfaces[id] : undefined;
  }

  #running(id: string): OpenChannel {
    const { channel, state } = this.#get(id).supervisor;
    if (channel) return channel;
    throw new AlephError("conflict", `Interface "${id}" is not running`, {
      data: { state, hint: "interface.status tells why, interface.start starts it" },
    });
  }

  #get(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    const near = nearest(id, [...this.#entries.keys()]);
    throw new AlephError("not_found", `No interface "${id}"`, {
      data: { hint: near ? `Did you mean "${near}"?` : "interface.list shows those that exist" },
    });
  }
}

/** A table switches it on, unless it says otherwise. */
function isEnabled(table: InterfaceTable | undefined): boolean {
  return table !== undefined && table.enabled !== false;
}

function readOptions(id: string, { options }: AnyChannel, table: unknown): unknown {
  if (options === undefined) return {};
  const parsed = options.safeParse(table);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({
    path: ["interfaces", id, ...path].join("."),
    message,
  }));
  const [first] = issues;
  throw new AlephError("config_invalid", `Interface "${id}" cannot be used: ${first?.path}: ${first?.message}`, {
    data: { issues },
  });
}
