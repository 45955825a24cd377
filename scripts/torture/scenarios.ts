/** The scenarios of the campaign, in the order in which they are tried. */
import { clockJumps } from "./clock.ts";
import { corruptPage, truncatedWal, twoServers, versions } from "./database.ts";
import { diskFull, ioErrors, readOnly, slowDisk } from "./disk.ts";
import { kills } from "./kills.ts";
import { descriptors, memoryLimit } from "./limits.ts";
import { halfOpen, providerHangs, silentConnections, slowReaders } from "./network.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  kills,
  diskFull,
  readOnly,
  ioErrors,
  slowDisk,
  clockJumps,
  descriptors,
  memoryLimit,
  providerHangs,
  silentConnections,
  halfOpen,
  slowReaders,
  corruptPage,
  truncatedWal,
  versions,
  twoServers,
];
export { soak } from "./soak.ts";
