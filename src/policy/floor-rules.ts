/** The rules of the floor that look at one program with its arguments. */
import { dirname, resolve } from "node:path";
import { isWithin } from "../lib/is-within.ts";
import type { FloorRuleName } from "../protocol/exec-floor.ts";
import type { CommandSite } from "./command.ts";
import { createResolver, expandHome, MAX_PATH } from "./guarded-path.ts";

export interface Judged {
  /** Without its path, in lower case. */
  readonly name: string;
  readonly args: readonly string[];
  /** Where its output is sent. */
  readonly writes: readonly string[];
  readonly site: CommandSite;
}

export interface FloorRule {
  readonly name: FloorRuleName;
  /** The reason to refuse, or nothing. */
  readonly refuse: (judged: Judged) => string | undefined;
}

const PRIVILEGE = new Set("sudo sudoedit su doas pkexec runuser gosu su-exec visudo".split(" "));
const POWER = new Set(["shutdown", "reboot", "halt", "poweroff", "kexec"]);
const POWER_UNITS = /^(?:poweroff|reboot|halt|kexec|suspend|hibernate|rescue|emergency|default|isolate)$/;
const DISKS = new Set("mke2fs mkswap wipefs blkdiscard sgdisk sfdisk cfdisk insmod rmmod modprobe".split(" "));
const PARTITIONERS = new Set(["fdisk", "parted", "gdisk"]);
/** Devices whose bytes are somebody's disk or memory. */
const RAW_DEVICE = /^\/dev\/(?:[shv]d|xvd|nvme|mmcblk|disk|mapper|dm-|md|loop|sr|mem|kmem|port|r?disk)/;
const KERNEL_SWITCH = /^\/(?:proc\/(?:sysrq-trigger|sys\/|kcore)|sys\/)/;
const COPIERS = new Set("dd tee cp mv install shred truncate".split(" "));
const SERVER_NAME = /aleph|^bun$/i;
/** Commands of our own executable that change what the agent may do, or speak for the owner. */
const OWN_COMMANDS =
  /^(?:approvals?|config|pair(?:ing)?|devices?|auth|tokens?|invites?|plugins?|policy|exec|rpc|wizard|backup|restore|mcp|skills?|nodes?|models?|password|remotes?|services?|update|stop|open|tools?|cron|webhooks?|interfaces?|import)(?:\.|$)/;
/** Folders of the system whose loss ends it. */
const SYSTEM_FOLDERS = new Set(
  "/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /media /mnt /nix /opt /proc /root /run /sbin /snap /srv /sys /usr /usr/bin /usr/lib /usr/local /usr/sbin /usr/share /var /var/lib /Applications /Library /System /Users /Volumes /private".split(
    " ",
  ),
);

export const FLOOR_RULES: readonly FloorRule[] = [
  { name: "own_commands", refuse: ownCommands },
  {
    name: "privilege",
    refuse: ({ name }) => (PRIVILEGE.has(name) ? `"${name}" asks for more rights` : undefined),
  },
  { name: "power", refuse: power },
  { name: "disks", refuse: disks },
  { name: "raw_device", refuse: rawDevice },
  { name: "system_removal", refuse: removal },
  { name: "system_ownership", refuse: ownership },
  { name: "server", refuse: server },
];

function power({ name, args }: Judged): string | undefined {
  const isPower =
    POWER.has(name) ||
    ((name === "init" || name === "telinit") && /^[06s]$/i.test(args[0] ?? "")) ||
    (name === "systemctl" && args.some((arg) => POWER_UNITS.test(arg)));
  return isPower ? `"${name}" stops the machine` : undefined;
}

function disks({ name, args }: Judged): string | undefined {
  const changes =
    DISKS.has(name) ||
    /^mkfs(?:\.|$)/.test(name) ||
    (name === "diskutil" && /^(?:erase|partition|zero)/i.test(args[0] ?? ""));
  if (changes || (PARTITIONERS.has(name) && !args.some((arg) => arg === "-l" || arg === "--list"))) {
    return `"${name}" changes disks or the kernel`;
  }
  return undefined;
}

function rawDevice({ name, args, writes, site }: Judged): string | undefined {
  const isRaw = (path: string) => {
    const target = resolve(site.cwd, path.replace(/^of=/, ""));
    return RAW_DEVICE.test(target) || KERNEL_SWITCH.test(target);
  };
  const targets = COPIERS.has(name) ? args.filter((arg) => name !== "dd" || arg.startsWith("of=")) : [];
  return [...writes, ...targets].some(isRaw) ? "It writes to a device or to the kernel" : undefined;
}

function removal({ name, args, site }: Judged): string | undefined {
  if (name === "find") {
    const removes =
      args.some((arg) => arg === "-delete") || (args.some((arg) => /^-(?:exec|ok)/.test(arg)) && args.includes("rm"));
    return removes && args.some((arg) => !arg.startsWith("-") && isVital(arg, site))
      ? "It would delete a whole system or home"
      : undefined;
  }
  if (name === "mv")
    return args.slice(0, -1).some((arg) => isVital(arg, site))
      ? "It would move a whole system or home away"
      : undefined;
  if (name !== "rm" && name !== "shred" && name !== "srm") return undefined;
  if (args.some((arg) => arg.startsWith("--no-p"))) return "It removes a protection of the root folder";
  return isRecursive(args) && args.some((arg) => isVital(arg, site))
    ? "It would delete a whole system or home"
    : undefined;
}

function ownership({ name, args, site }: Judged): string | undefined {
  if (!/^(?:chmod|chown|chgrp|chattr|setfacl)$/.test(name) || !isRecursive(args)) return undefined;
  return args.some((arg) => isVital(arg, site)) ? "It would change the rights of a whole system or home" : undefined;
}

function server({ name, args, site: { guarded } }: Judged): string | undefined {
  const reason = "It would end the server";
  if (name === "kill" || name === "skill") {
    const targets = args.filter((arg, index) => !arg.startsWith("-") || (index > 0 && /^-\d+$/.test(arg)));
    const vital = new Set([String(guarded.pid), `-${guarded.pid}`, "1", "-1"]);
    return targets.some((target) => vital.has(target) || target.includes("PPID")) ? reason : undefined;
  }
  if (name === "pkill" || name === "killall") return args.some((arg) => SERVER_NAME.test(arg)) ? reason : undefined;
  if (name === "fuser" && args.some((arg) => /^-\w*k/.test(arg) || arg === "--kill")) return reason;
  const isControl = /^(?:systemctl|service|launchctl|rc-service)$/.test(name);
  return isControl && args.some((arg) => SERVER_NAME.test(arg)) ? reason : undefined;
}

function ownCommands({ name, args }: Judged): string | undefined {
  if (!/^aleph(?:-server)?(?:-[\w-]+)?(?:\.exe)?$/.test(name)) return undefined;
  return args.some((arg) => OWN_COMMANDS.test(arg)) ? "An agent may not change its own rules" : undefined;
}

/** `-r`, `-R`, `-rf`, `--recursive` and its abbreviations. */
function isRecursive(args: readonly string[]): boolean {
  return args.some(
    (arg) => /^-[A-Za-z]*[rR]/.test(arg) || /^--r(?:e|ec|ecu|ecur|ecurs|ecursi|ecursiv|ecursive)?$/.test(arg),
  );
}

/** Whether a path names the system, a home or what holds them; `/*` and the like count as the folder itself. */
function isVital(arg: string, { cwd, workspace, guarded }: CommandSite): boolean {
  if (arg.startsWith("-") || arg.length > MAX_PATH) return false;
  const expanded = expandHome(arg, guarded.userHome);
  const folder = expanded.replace(/\/+/g, "/").replace(/(?:\/(?:\.?\*+|\.|\.\[\^\.\]\*))+$/, "/");
  return [resolve(cwd, folder), createResolver()(cwd, folder)].some(
    (candidate) =>
      SYSTEM_FOLDERS.has(candidate) ||
      isWithin(candidate, guarded.userHome) ||
      isWithin(candidate, guarded.home.path) ||
      isWithin(candidate, dirname(workspace)),
  );
}
