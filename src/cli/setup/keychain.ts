/** Whether this machine has a keychain that can be used now. */
import { KEYCHAIN_SERVICE } from "../../config/secrets.ts";

export async function hasKeychain(): Promise<boolean> {
  try {
    await Bun.secrets.get({ service: KEYCHAIN_SERVICE, name: "probe" });
    return true;
  } catch {
    // None, or locked: then it is not offered.
    return false;
  }
}
