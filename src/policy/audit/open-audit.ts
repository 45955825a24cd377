/** The audit of a server: told of calls by the gate and of the rest by the bus. */
import { join } from "node:path";
import { ensureKeyFile } from "../../lib/key-file.ts";
import type { Bus } from "../../sdk/bus.ts";
import { Audit, type AuditOptions } from "./audit.ts";
import { auditEvents } from "./audit-events.ts";

export interface OpenAuditOptions extends Omit<AuditOptions, "key"> {
  readonly bus: Pick<Bus, "attach">;
  /** The folder of the key: beside the database and not in it, so that whoever can write rows cannot chain them. */
  readonly credentials: string;
}

/** Listens until disposed. */
export function openAudit({ bus, credentials, ...options }: OpenAuditOptions): Audit & Disposable {
  let key: Buffer | undefined;
  const audit = new Audit({ ...options, key: () => (key ??= ensureKeyFile(join(credentials, "audit-key"))) });
  const attached = bus.attach(auditEvents(audit));
  return Object.assign(audit, { [Symbol.dispose]: () => attached[Symbol.dispose]() });
}
