/** The interfaces: which channels the config switches on, kept open and restarted when their tables change. */
import type { Config, InterfaceTable } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import { mapStrings } from "../lib/map-strings.ts";
import { nearest } from "../lib/nearest.ts";
import { pause } from "../lib/pause.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Publisher } from "../sdk/bus.ts";
import type {
  AnyChannel,
  ChannelCapabilities,
  ChannelHost,
  ChannelLimits,
  OpenChannel,
  SentMessage,
} from "../sdk/channel.ts";
import { type InterfaceState, Supervisor } from "./supervisor.ts";

export type Channels = Readonly<Record<string, () => Promise<AnyChannel>>>;

export interface InterfacesOptions {
  readonly channels: Channels;
  /** What the channels need, all together. */
  readonly needs: object;
  readonly config: () => Pick<Config, "interfaces">;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly receive: ChannelHost["receive"];
  readonly bus: Publisher;
  readonly log: Log;
  /** How the time between attempts passes. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
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
}

export class Interfaces implements AsyncDisposable {
  readonly #o: InterfacesOptions;
  readonly #supervisors: ReadonlyMap<string, Supervisor>;
  /** The tables that were last acted on. */
  readonly #applied = new Map<string, InterfaceTable | undefined>();
  readonly #serial = createSerial();
  #closed = false;

  constructor(options: InterfacesOptions) {
    const { channels, bus, log, wait = pause } = options;
    this.#o = options;
    this.#supervisors = new Map(
      Object.keys(channels).map((id) => {
        const open = (signal: AbortSignal) => this.#open(id, signal);
        return [id, new Supervisor({ id, open, bus, log, wait })];
      }),
    );
  }

  /** Starts what the config switches on; at later calls restarts or stops that whose table changed, and only that. */
  apply(): Promise<void> {
    return this.#serial(async () => {
      await Promise.all([...this.#supervisors].map(([id, supervisor]) => this.#applyOne(id, supervisor)));
    });
  }

  list(): Promise<readonly InterfaceStatus[]> {
    return Promise.all([...this.#supervisors.keys()].map((id) => this.status(id)));
  }

  /** Throws `not_found`, as all that take an id. */
  async status(id: string): Promise<InterfaceStatus> {
    const { state, error } = this.#get(id);
    const { capabilities, limits } = await this.#load(id);
    return { id, enabled: isEnabled(this.#table(id)), state, error, capabilities, limits };
  }

  /** Resolves when the first attempt has ended; whether it went well, its status tells. */
  async start(id: string): Promise<void> {
    const supervisor = this.#get(id);
    if (this.#closed) throw new AlephError("overloaded", "Server is stopping");
    await supervisor.start();
  }

  /** Until it is started again, its table changes or the server starts anew. */
  async stop(id: string): Promise<void> {
    await this.#get(id).stop();
  }

  /** Throws `conflict` when it is not running, and what its channel throws. */
  async send(id: string, target: string, message: string): Promise<SentMessage> {
    const { channel, state } = this.#get(id);
    const { limits } = await this.#load(id);
    if (message.length > limits.message) {
      throw new AlephError("invalid_params", `Message is too long for interface "${id}"`, {
        data: { issues: [{ path: "message", message: `must not be longer than ${limits.message} characters` }] },
      });
    }
    if (!channel) {
      throw new AlephError("conflict", `Interface "${id}" is not running`, {
        data: { state, hint: "interface.status tells why, interface.start starts it" },
      });
    }
    return channel.send(target, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#serial(async () => {
      await Promise.all([...this.#supervisors.values()].map((supervisor) => supervisor.stop()));
    });
  }

  async #applyOne(id: string, supervisor: Supervisor): Promise<void> {
    const table = this.#table(id);
    if (this.#applied.has(id) && Bun.deepEquals(table, this.#applied.get(id))) return;
    this.#applied.set(id, table);
    await supervisor.stop();
    // Not awaited: one that takes long must not hold up the next change of the config.
    if (isEnabled(table) && !this.#closed) void supervisor.start();
  }

  async #open(id: string, signal: AbortSignal): Promise<OpenChannel> {
    const { needs, resolveSecret, receive, log } = this.#o;
    const channel = await this.#load(id);
    const { enabled: _, ...table } = this.#table(id) ?? {};
    const resolved = await mapStrings(table, resolveSecret);
    const host: ChannelHost = { log: log.child({ interface: id }), signal, receive };
    return channel.open(needs, readOptions(channel, resolved), host);
  }

  #table(id: string): InterfaceTable | undefined {
    const { interfaces } = this.#o.config();
    return Object.hasOwn(interfaces, id) ? interfaces[id] : undefined;
  }

  #load(id: string): Promise<AnyChannel> {
    return this.#o.channels[id]!();
  }

  #get(id: string): Supervisor {
    const supervisor = this.#supervisors.get(id);
    if (supervisor) return supervisor;
    const near = nearest(id, [...this.#supervisors.keys()]);
    throw new AlephError("not_found", `No interface "${id}"`, {
      data: { hint: near ? `Did you mean "${near}"?` : "interface.list shows those that exist" },
    });
  }
}

/** A table switches it on, unless it says otherwise. */
function isEnabled(table: InterfaceTable | undefined): boolean {
  return table !== undefined && table.enabled !== false;
}

function readOptions({ id, options }: AnyChannel, table: unknown): unknown {
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
