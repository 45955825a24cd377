/** What each server said of its tools when it was first seen or last approved; anything else holds it. */
import type { Store } from "../sdk/store.ts";
import { digestOf, type ToolDefinition } from "./definitions.ts";

export interface Pin {
  readonly sha256: string;
  readonly tools: readonly ToolDefinition[];
  readonly pinnedAt: number;
  /** Nothing when it was pinned because nobody had seen the server before. */
  readonly approvedBy: string | undefined;
  /** What it says now, when that is something else. */
  readonly pending:
    | { readonly sha256: string; readonly tools: readonly ToolDefinition[]; readonly seenAt: number }
    | undefined;
}

interface Row {
  readonly sha256: string;
  readonly tools: string;
  readonly pinned_at: number;
  readonly approved_by: string | null;
  readonly pending_sha256: string | null;
  readonly pending_tools: string | null;
  readonly pending_at: number | null;
}

export class Pins {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { readonly store: Store; readonly now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  find(server: string): Pin | undefined {
    const row = this.#store.db.query<Row, [string]>("SELECT * FROM mcp_pin WHERE server = ?").get(server);
    if (!row) return undefined;
    const { pending_sha256: sha256, pending_tools: tools, pending_at: seenAt } = row;
    return {
      sha256: row.sha256,
      tools: JSON.parse(row.tools) as ToolDefinition[],
      pinnedAt: row.pinned_at,
      approvedBy: row.approved_by ?? undefined,
      pending:
        sha256 === null || tools === null || seenAt === null
          ? undefined
          : { sha256, tools: JSON.parse(tools) as ToolDefinition[], seenAt },
    };
  }

  /** Of a server that nobody has seen before, or whose new tools somebody approved. */
  async pin(server: string, tools: readonly ToolDefinition[], approvedBy?: string): Promise<void> {
    const row = [server, digestOf(tools), JSON.stringify(tools), this.#now(), approvedBy ?? null] as const;
    await this.#store.write((db) => {
      db.query(
        "INSERT OR REPLACE INTO mcp_pin (server, sha256, tools, pinned_at, approved_by) VALUES (?, ?, ?, ?, ?)",
      ).run(...row);
    });
  }

  /** Keeps what it says now beside the pin, until somebody has looked. */
  async hold(server: string, tools: readonly ToolDefinition[]): Promise<void> {
    const row = [digestOf(tools), JSON.stringify(tools), this.#now(), server] as const;
    await this.#store.write((db) => {
      db.query("UPDATE mcp_pin SET pending_sha256 = ?, pending_tools = ?, pending_at = ? WHERE server = ?").run(...row);
    });
  }

  /** As if it had never been seen. */
  async forget(server: string): Promise<void> {
    await this.#store.write((db) => {
      db.query("DELETE FROM mcp_pin WHERE server = ?").run(server);
    });
  }
}
