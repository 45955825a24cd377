/** The state of the whole panel: one connection, and the parts that listen to it. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Transport } from "../../client/transport.ts";
import type { EventFrame } from "../../protocol/events.ts";
import { type Access, createAccess } from "./access.ts";
import { type Approvals, createApprovals } from "./approvals.ts";
import { type Channels, createChannels } from "./channels.ts";
import { type Commands, createCommands } from "./commands.ts";
import { type Call, type Connection, type DeviceEntry, openConnection } from "./connection.ts";
import { type Conversation, createConversation } from "./conversation.ts";
import { createFacts, type Facts } from "./facts.ts";
import { createGrants, type Grants } from "./grants.ts";
import { createMcp, type Mcp } from "./mcp.ts";
import { createMediaLinks, type MediaLinks } from "./media-links.ts";
import { createModels, type Models } from "./models.ts";
import { createPlugins, type Plugins } from "./plugins.ts";
import { createPreferences, type Preferences } from "./preferences.ts";
import type { Router } from "./router.ts";
import { createSchedules, type Schedules } from "./schedules.ts";
import { createSearch, type Search } from "./search.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSkills, type Skills } from "./skills.ts";
import { createSpending, type Spending } from "./spending.ts";
import type { KeptValues } from "./storage.ts";
import { createWording, type ShownWording } from "./wording.ts";

export interface Panel extends Disposable {
  readonly preferences: Preferences;
  readonly wording: ShownWording;
  readonly router: Router;
  readonly connection: Connection;
  readonly sessions: Sessions;
  readonly approvals: Approvals;
  readonly models: Models;
  readonly commands: Commands;
  readonly grants: Grants;
  readonly plugins: Plugins;
  readonly skills: Skills;
  readonly mcp: Mcp;
  readonly access: Access;
  readonly channels: Channels;
  readonly schedules: Schedules;
  readonly facts: Facts;
  readonly search: Search;
  readonly spending: Spending;
  readonly server: ReadonlySignal<Result<"system.info"> | undefined>;
  /** Why config.toml is not in force as it stands, told by the server. */
  readonly configIssues: ReadonlySignal<readonly { path: string; message: string; line?: number | undefined }[]>;
  readonly mediaLinks: MediaLinks;
  /** Installs the panel as an application; undefined while the browser does not offer it. */
  readonly install: Signal<(() => Promise<void>) | undefined>;
  /** Whether words are looked for in the conversation that is open. */
  readonly finding: Signal<boolean>;
  /** What a message shall begin with: taken by the composer that is in sight. */
  readonly offered: Signal<string | undefined>;
  readonly kept: KeptValues;
  readonly now: () => number;
  /** Opened once and kept while it is one of the last few. */
  conversation(key: string): Conversation;
  /** State that comes with a page: made when it is first asked for, then kept, and told of events and connects. */
  part<P extends Part>(make: (needs: PartNeeds) => P): P;
  /** Called with each event after the state holds it. */
  onEvent(listener: (event: EventFrame) => void): Disposable;
}

/** State of a page that comes when it is opened. */
export interface Part {
  /** After a connect. */
  renew(): Promise<void>;
  handle?(event: EventFrame): void;
}

export interface PartNeeds {
  readonly call: Call;
  readonly now: () => number;
}

export interface PanelOptions {
  readonly open: () => Promise<Transport>;
  readonly loginKey: () => string | undefined;
  readonly device?: DeviceEntry;
  readonly kept: KeptValues;
  readonly router: Router;
  /** Asks this server. */
  readonly fetch: (path: string) => Promise<Response>;
  readonly languages: readonly string[];
  readonly now: () => number;
}

/** Conversations that stay up to date in the background. */
const KEPT_OPEN = 6;

export function createPanel(options: PanelOptions): Panel {
  const { kept, now, router } = options;
  const preferences = createPreferences(kept, options.languages);
  const listeners = new Set<(event: EventFrame) => void>();
  const parts = new Map<(needs: PartNeeds) => Part, Part>();
  const conversations = new Map<string, Conversation>();
  const server = signal<Result<"system.info"> | undefined>(undefined);
  const configIssues = signal<readonly { path: string; message: string; line?: number | undefined }[]>([]);
  const connection = openConnection({
    open: options.open,
    loginKey: options.loginKey,
    ...(options.device ? { device: options.device } : {}),
    now,
    onEvent: received,
    onConnected: () => void refresh(),
  });
  const { call } = connection;
  const sessions = createSessions({ call, kept, now });
  const approvals = createApprovals(call);
  const models = createModels({ call, now });
  const commands = createCommands(call);
  const grants = createGrants(call);
  const plugins = createPlugins(call);
  const skills = createSkills(call);
  const mcp = createMcp(call);
  const access = createAccess(call, now);
  const channels = createChannels(call, mayLetIn);
  const schedules = createSchedules(call);
  const facts = createFacts(call);
  const search = createSearch(call);
  const spending = createSpending(call, now);

  function received(event: EventFrame): void {
    sessions.handle(event);
    approvals.handle(event);
    models.handle(event);
    commands.handle(event);
    grants.handle(event);
    plugins.handle(event);
    mcp.handle(event);
    access.handle(event);
    channels.handle(event);
    schedules.handle(event);
    for (const part of parts.values()) part.handle?.(event);
    for (const conversation of conversations.values()) conversation.handle(event);
    if (event.topic === "config.invalid" && "issues" in event.data) configIssues.value = event.data.issues;
    if (event.topic === "config.changed") configIssues.value = [];
    for (const listener of listeners) listener(event);
  }

  function mayLetIn(): boolean {
    const link = connection.link.peek();
    return link.kind === "connected" && link.hello.scopes.includes("admin");
  }

  /** After each connect: a replay fills the gaps, and reading anew closes what it cannot. */
  async function refresh(): Promise<void> {
    const all = [
      sessions.load(),
      approvals.load(),
      models.loadConfig(),
      grants.renew(),
      plugins.renew(),
      skills.renew(),
      mcp.renew(),
      channels.renew(),
      schedules.renew(),
      facts.renew(),
      search.renew(),
      spending.renew(),
      ...(mayLetIn() ? [access.renew()] : []),
      ...[...parts.values()].map((part) => part.renew()),
      ...[...conversations.values()].map((conversation) => conversation.load()),
      call("system.info", {}).then((info) => {
        server.value = info;
      }),
      call("system.status", {}).then(({ config }) => {
        configIssues.value = config.issues.map(({ path, message }) => ({ path, message }));
      }),
    ];
    // What fails here fails because the connection is gone again; the next one reads it all.
    await Promise.allSettled(all);
  }

  return {
    preferences,
    wording: createWording(preferences.language),
    router,
    connection,
    sessions,
    approvals,
    models,
    commands,
    grants,
    plugins,
    skills,
    mcp,
    access,
    channels,
    schedules,
    facts,
    search,
    spending,
    server,
    configIssues,
    mediaLinks: createMediaLinks(call, now),
    install: signal<(() => Promise<void>) | undefined>(undefined),
    finding: signal(false),
    offered: signal<string | undefined>(undefined),
    kept,
    now,
    conversation(key) {
      const known = conversations.get(key);
      const conversation = known ?? createConversation({ key, call, fetch: options.fetch });
      conversations.delete(key);
      conversations.set(key, conversation);
      if (!known && connection.link.peek().kind === "connected") void conversation.load();
      for (const old of [...conversations.keys()].slice(0, -KEPT_OPEN)) conversations.delete(old);
      return conversation;
    },
    part<P extends Part>(make: (needs: PartNeeds) => P): P {
      const part = (parts.get(make) as P | undefined) ?? make({ call, now });
      parts.set(make, part);
      return part;
    },
    onEvent(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}
