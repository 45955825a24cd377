/** How this browser comes in with a key of its own: by a pairing link once, and by the key from then on. */
import type { Credentials, DeviceKey } from "../../client/client.ts";
import type { Reason } from "../../protocol/errors.ts";
import type { KeptValues } from "../state/storage.ts";
import { ensureDevice, forgetDevice, knownDevice } from "./device-key.ts";

export interface Entry {
  /** What to connect with; undefined when a login counts, or when this browser has no key. */
  credentials(): Credentials | undefined;
  /** The code is used up: from now on the key alone counts. */
  paired(): void;
  /**
   * The server refused what `credentials` or the login gave. Resolves with what is left: to try once more, or to log in,
   * where `unpaired` says that the key or the code is what did not count.
   */
  refused(reason: Reason): Promise<"again" | "login" | "unpaired">;
  /** Forgets the key. */
  forget(): Promise<void>;
  readonly deviceId: string | undefined;
}

export interface EntryOptions {
  readonly kept: KeptValues;
  /** The `#…` of the page's address. */
  readonly hash: string;
  /** Takes the code out of the address, so that it stays in no history. */
  readonly clearHash: () => void;
  readonly login: { readonly exists: () => boolean; readonly forget: () => void };
}

/** Says that there is a key, so that a browser without one need not open a database to know. */
const MARK = "aleph.device";

/** Rejects when the browser keeps nothing. */
export async function openEntry({ kept, hash, clearHash, login }: EntryOptions): Promise<Entry> {
  const wasPaired = kept.read(MARK) === true;
  let code = codeOf(hash);
  let device: DeviceKey | undefined;
  if (code !== undefined) {
    clearHash();
    device = await ensureDevice();
  } else if (wasPaired) device = await knownDevice();

  async function forget(): Promise<void> {
    device = undefined;
    code = undefined;
    kept.write(MARK, undefined);
    await forgetDevice();
  }

  return {
    forget,
    get deviceId() {
      return device?.id;
    },
    credentials() {
      if (!device || (code === undefined && login.exists())) return undefined;
      return { device, ...(code === undefined ? {} : { pairing_code: code }) };
    },
    paired() {
      if (code === undefined) return;
      code = undefined;
      kept.write(MARK, true);
    },
    async refused(reason) {
      if (code !== undefined) {
        // Used, or over. A key that was let in before is none the worse for it.
        code = undefined;
        if (login.exists() || wasPaired) return "again";
        await forget();
        return "unpaired";
      }
      if (login.exists()) {
        login.forget();
        return device ? "again" : "login";
      }
      if (!device || reason !== "pairing_required") return "login";
      await forget();
      return "unpaired";
    },
  };
}

/** That of `#pair=CODE`. */
export function codeOf(hash: string): string | undefined {
  return /^#pair=([A-Za-z0-9-]{4,64})$/.exec(hash)?.[1];
}

/** What this browser is called in the list of devices. */
export function deviceName(userAgent: string): string {
  // The more special ones first: an Android says that it is a Linux too.
  const systems = {
    iPhone: "iPhone",
    iPad: "iPad",
    Android: "Android",
    CrOS: "ChromeOS",
    Macintosh: "Mac",
    Windows: "Windows",
    Linux: "Linux",
  };
  const found = Object.entries(systems).find(([word]) => userAgent.includes(word));
  return `Browser on ${found?.[1] ?? "another system"}`;
}
