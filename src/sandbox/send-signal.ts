/** Signals to processes that may be gone already. */

/** A negative `target` is a process group. False when there is nobody any more. */
export function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (thrown) {
    // ESRCH: all of them ended already. EPERM: another has the id by now, or macOS says so of a group of zombies.
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    if (code !== "ESRCH" && code !== "EPERM") throw thrown;
    return false;
  }
}

/** To all that a process leads; Windows has no process groups. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return sendSignal(process.platform === "win32" ? leader : -leader, signal);
}
