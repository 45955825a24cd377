/** The devices that were let in. The server's record says what each may do, whatever it claims. */
import { AlephError } from "../protocol/errors.ts";
import type { Grant, Scope } from "../protocol/identity.ts";
import type { Store } from "../sdk/store.ts";
import type { PendingPairing } from "./pairing.ts";

export interface Device {
  readonly device_id: string;
  readonly name: string;
  /** What it said that it runs on, when it was let in. */
  readonly platform: string | null;
  readonly role: "operator" | "node";
  readonly scopes: readonly Scope[];
  readonly approved_by: string;
  readonly created_at: number;
  readonly last_seen_at: number | null;
}

export class Devices {
  readonly #store: Store;
  readonly #now: () => number;

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  /** Resolves when it is durable. */
  async add(
    pairing: Pick<PendingPairing, "deviceId" | "name" | "platform" | "role">,
    scopes: readonly Scope[],
    by: string,
  ): Promise<Device> {
    const { deviceId, name, platform, role } = pairing;
    await this.#store.write((db) =>
      db
        .query(
          "INSERT OR REPLACE INTO auth_device (id, name, platform, role, scopes, approved_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .run(deviceId, name, platform ?? null, role, JSON.stringify(scopes), by, this.#now()),
    );
    return this.get(deviceId)!;
  }

  get(id: string): Device | undefined {
    const row = this.#store.db.query<DeviceRow, [string]>("SELECT * FROM auth_device WHERE id = ?").get(id);
    return row ? deviceOf(row) : undefined;
  }

  list(): Device[] {
    return this.#store.db
      .query<DeviceRow, []>("SELECT * FROM auth_device ORDER BY created_at, id")
      .all()
      .map((row) => deviceOf(row));
  }

  noteSeen(id: string): void {
    try {
      this.#store.writeRelaxed((db) =>
        db.query("UPDATE auth_device SET last_seen_at = ? WHERE id = ?").run(this.#now(), id),
      );
    } catch (error) {
      // A full disk must not lock anybody out; the store itself tells of it.
      if (!(error instanceof AlephError && error.reason === "storage_failed")) throw error;
    }
  }

  /** Resolves when it is durable. Throws `not_found`. */
  async remove(id: string): Promise<void> {
    const { changes } = await this.#store.write((db) => db.query("DELETE FROM auth_device WHERE id = ?").run(id));
    if (changes === 0)
      throw new AlephError("not_found", `No device "${id}"`, {
        data: { hint: "auth.devices.list shows those that exist" },
      });
  }
}

export function deviceGrant({ device_id, role, scopes }: Device): Grant {
  const kind = role === "node" ? "node" : "device";
  return { identity: { id: device_id, kind }, role, scopes: role === "node" ? [] : scopes };
}

interface DeviceRow extends Omit<Device, "device_id" | "scopes"> {
  readonly id: string;
  readonly scopes: string;
}

function deviceOf({ id, name, platform, role, scopes, approved_by, created_at, last_seen_at }: DeviceRow): Device {
  return { device_id: id, name, platform, role, scopes: JSON.parse(scopes), approved_by, created_at, last_seen_at };
}
