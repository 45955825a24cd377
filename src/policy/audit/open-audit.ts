/** The audit of a server: told of calls by the gate and of the rest by the bus, and as long as the config says. */
import { join } from "node:path";
import { ensureKeyFile } from "../../lib/key-file.ts";
import { describeError } from "../../lib/log.ts";
import { createSerial } from "../../lib/serial.ts";
import type { EventData } from "../../protocol/events.ts";
import type { Bus } from "../../sdk/bus.ts";
import { Audit, type AuditOptions } from "./audit.ts";
import { auditEvents } from "./audit-events.ts";

export interface OpenAuditOptions extends Omit<AuditOptions, "key"> {
  readonly bus: Pick<Bus, "attach">;
  /** The folder of the key: beside the database and not in it, so that whoever can write rows cannot chain them. */
  readonly credentials: string;
  readonly config: () => { readonly audit: { readonly keep_days: number } };
}

const DAY_MS = 86_400_000;
/** A server that just began has other things to do. */
const FIRST_PRUNE_MS = 60_000;

/** Listens, and takes out what is older than it is to be kept, until disposed. */
export function openAudit({ bus, credentials, config, ...options }: OpenAuditOptions): Audit & Disposable {
  const { store, log, now } = options;
  let cached: Buffer | undefined;
  const key = () => (cached ??= ensureKeyFile(join(credentials, "audit-key")));
  const audit = new Audit({ ...options, key });
  const stop = new AbortController();
  const serial = createSerial();
  const prune = () =>
    serial(async () => {
      const days = config().audit.keep_days;
      if (days === 0 || stop.signal.aborted) return;
      try {
        const { pruneAudit } = await import("./prune.ts");
        const { rows, fault } = await pruneAudit({ store, key, now }, now() - days * DAY_MS, stop.signal);
        if (rows > 0) log.info("audit pruned", { rows, keep_days: days });
        if (fault) log.error("audit is not pruned any further: it was tampered with", { ...fault });
      } catch (thrown) {
        if (!stop.signal.aborted) log.error("audit could not be pruned", describeError(thrown));
      }
    });
  const first = setTimeout(prune, FIRST_PRUNE_MS);
  const daily = setInterval(prune, DAY_MS);
  for (const timer of [first, daily]) timer.unref();
  const events = auditEvents(audit);
  const attached = bus.attach({
    deliver(told) {
      events.deliver(told);
      const { topic, data } = told.event;
      if (topic === "config.changed" && (data as EventData<"config.changed">).sections.includes("audit")) void prune();
    },
  });
  return Object.assign(audit, {
    [Symbol.dispose]: () => {
      stop.abort();
      clearTimeout(first);
      clearInterval(daily);
      attached[Symbol.dispose]();
    },
  });
}
