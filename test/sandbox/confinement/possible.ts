/** What this machine can do, found out without the code under test: a sandbox that is broken must not skip its tests. */
import { openKernel } from "../../../src/sandbox/linux/kernel.ts";
import { landlockVersion } from "../../../src/sandbox/linux/landlock.ts";

const linux = process.platform === "linux";

export const hasLandlock = linux && landlockVersion(openKernel()) > 0;

export const hasBubblewrap =
  linux &&
  Bun.which("bwrap") !== null &&
  Bun.spawnSync(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]).success;
