/** What a confined process may not ask the kernel for, beyond the files and ports that Landlock judges. */

import type { Rule } from "./filter.ts";
import type { LaunchOrder } from "./order.ts";

export interface RuleOptions
  extends Pick<LaunchOrder, "processes" | "network" | "localSockets" | "landlock" | "commands" | "enclosed" | "user"> {
  /** The version of Landlock that is in force; 0: none, and a mount namespace stands for it. */
  readonly abi: number;
  /** The process that the rules are for; `execve` keeps its id. */
  readonly pid: number;
}

const EPERM = 1;
const ENOMEM = 12;
const ENOSYS = 38;
const ENOTSUP = 95;

const CLONE_THREAD = 0x10000;
/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const CLONE_NAMESPACES = 0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_TYPE = 0xf;
const TCP = 6;
const MSG_FASTOPEN = 0x20000000;
const MAP_SHARED = 1;
const MAP_ANONYMOUS = 0x20;
const O_ACCESS = 3;
const O_CREATE = 0o100;
const O_TRUNCATE = 0o1000;
const O_TMPFILE = 0o20000000;
const SET_ID = 0o6000;
/** The version of Landlock that keeps signals within; a namespace of process ids does so too. */
const SCOPED_SIGNALS = 6;
/** Others may read or write; that they may start or enter it tells them nothing. */
const OPEN_TO_OTHERS = 0o066;
const PR_SET_PDEATHSIG = 1;
/** F_SETOWN, F_SETSIG, F_SETOWN_EX: they send signals by way of a file. */
const SIGNAL_OWNERS = [8, 10, 15];
/** FIOSETOWN and SIOCSPGRP, the same by `ioctl`; TIOCSTI and TIOCLINUX type into a terminal; then the setting of file flags. */
const FORBIDDEN_IOCTLS = [
  0x8901, 0x8902, 0x5412, 0x541c, 0x40086602, 0x40046602, 0x401c5820, 0x40087602, 0x40806685, 0x800c6613,
];

export function confiningRules(options: RuleOptions): readonly Rule[] {
  return [
    ...ALWAYS,
    ...ownerRules(options),
    ...(options.commands && options.enclosed ? [] : OUTSIDE_OF_NAMESPACES),
    ...fileRules(options),
    ...processRules(options),
    ...signalRules(options),
    ...socketRules(options),
  ];
}

const ALWAYS: readonly Rule[] = [
  // Other processes and their memory.
  {
    errno: EPERM,
    calls: [
      ...(["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease"] as const),
      ...([
        "pidfd_getfd",
        "kcmp",
        "perf_event_open",
        "migrate_pages",
        "move_pages",
        "ioprio_set",
        "setpriority",
      ] as const),
    ],
  },
  // Only for itself: the same user's other processes are within reach of these.
  {
    errno: EPERM,
    calls: ["prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"],
    unless: [{ argument: 0, isIn: [0] }],
  },
  // The kernel itself, and what would widen what it lets us do.
  {
    errno: EPERM,
    calls: [
      ...(["bpf", "userfaultfd", "keyctl", "add_key", "request_key", "syslog", "acct", "reboot", "vhangup"] as const),
      ...(["mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig"] as const),
      ...(["fsmount", "fspick", "mount_setattr", "statmount", "listmount", "setns", "unshare"] as const),
      ...(["swapon", "swapoff", "quotactl", "quotactl_fd", "sethostname", "setdomainname"] as const),
      ...(["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"] as const),
      ...(["settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "iopl", "ioperm", "modify_ldt"] as const),
    ],
  },
  { errno: EPERM, calls: ["open_by_handle_at"] },
  {
    errno: ENOTSUP,
    calls: [
      ...(["setxattr", "lsetxattr", "fsetxattr", "getxattr", "lgetxattr", "fgetxattr"] as const),
      ...(["listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr", "fremovexattr"] as const),
      "name_to_handle_at",
    ],
  },
  // Doors that pass by the rules: `io_uring` and `openat2` hide their arguments, a watch tells names of files anywhere.
  // Programs take "unknown" well and do it in the earlier way.
  {
    errno: ENOSYS,
    calls: [
      ...(["io_uring_setup", "io_uring_enter", "io_uring_register", "openat2", "clone3"] as const),
      ...(["fanotify_init", "fanotify_mark", "uselib", "ustat", "sysfs"] as const),
      // Memory that no limit counts, and in a memfd a program that no folder holds.
      ...(["memfd_create", "memfd_secret"] as const),
      // Between processes of the same user, wherever they are.
      ...(["shmget", "shmat", "shmctl", "semget", "semop", "semctl", "semtimedop"] as const),
      ...(["msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"] as const),
    ],
  },
  // It must die with the server.
  { errno: EPERM, calls: ["prctl"], when: [[{ argument: 0, isIn: [PR_SET_PDEATHSIG] }]] },
  { errno: EPERM, calls: ["fcntl"], when: [[{ argument: 1, isIn: SIGNAL_OWNERS }]] },
  { errno: EPERM, calls: ["ioctl"], when: [[{ argument: 1, isIn: FORBIDDEN_IOCTLS }]] },
];

/** Where others can be seen: a watch tells names of files anywhere. */
const OUTSIDE_OF_NAMESPACES: readonly Rule[] = [
  { errno: ENOSYS, calls: ["inotify_init", "inotify_init1", "inotify_add_watch"] },
];

/** What Landlock does not see: it judges the opening of files, not who owns them and when they changed. */
function ownerRules({ commands, enclosed, user }: RuleOptions): readonly Rule[] {
  const byPath = ["chmod", "fchmodat", "fchmodat2"] as const;
  const owners = ["chown", "fchown", "lchown", "fchownat"] as const;
  if (!commands) {
    return [
      { errno: EPERM, calls: [...byPath, "fchmod", ...owners, "utime", "utimes", "futimesat", "utimensat"] },
      // Shared memory of no file is not in RLIMIT_DATA.
      { errno: ENOMEM, calls: ["mmap"], when: [[{ argument: 3, mask: 0x21, isIn: [MAP_SHARED | MAP_ANONYMOUS] }]] },
    ];
  }
  // In namespaces there is no file outside, and who is new owns none.
  const refused = enclosed || user !== null ? SET_ID : SET_ID | OPEN_TO_OTHERS;
  const mode = (call: "chmod" | "fchmod" | "fchmodat" | "fchmodat2", argument: number, bits: number): Rule => ({
    errno: EPERM,
    calls: [call],
    when: [[{ argument, hasBits: bits }]],
  });
  return [
    mode("chmod", 1, refused),
    mode("fchmodat", 2, refused),
    mode("fchmodat2", 2, refused),
    mode("fchmod", 1, SET_ID),
    { errno: EPERM, calls: owners },
  ];
}

function fileRules({ landlock, abi }: RuleOptions): readonly Rule[] {
  // A program of ours that runs with the rights of its file is a way out for whoever else is on the machine.
  const open = (call: "open" | "openat", flags: number): Rule => ({
    errno: EPERM,
    calls: [call],
    when: [
      [
        { argument: flags, hasBits: O_CREATE | O_TMPFILE },
        { argument: flags + 1, hasBits: SET_ID },
      ],
      ...(truncates ? [[{ argument: flags, mask: O_ACCESS | O_TRUNCATE, isIn: [O_TRUNCATE] }]] : []),
    ],
  });
  // Before its third version Landlock let anyone truncate what he may not write.
  const truncates = landlock && abi < 3;
  return [
    open("open", 1),
    open("openat", 2),
    { errno: EPERM, calls: ["creat", "mknod"], when: [[{ argument: 1, hasBits: SET_ID }]] },
    { errno: EPERM, calls: ["mknodat"], when: [[{ argument: 2, hasBits: SET_ID }]] },
    ...(truncates ? [{ errno: EPERM, calls: ["truncate"] } as const] : []),
  ];
}

function processRules({ processes, commands, enclosed, abi }: RuleOptions): readonly Rule[] {
  if (commands) return [...groupRules(enclosed, abi), { errno: EPERM, calls: ["clone"], when: [[namespaces]] }];
  // All stay in the group that is killed as a whole.
  const group: Rule = { errno: EPERM, calls: ["setsid", "setpgid"] };
  if (processes > 1) return [group, { errno: EPERM, calls: ["clone"], when: [[namespaces]] }];
  return [
    group,
    { errno: EPERM, calls: ["fork", "vfork"] },
    {
      errno: EPERM,
      calls: ["clone"],
      when: [[namespaces], [{ argument: 0, mask: CLONE_THREAD, isIn: [0] }]],
    },
  ];
}

/** Commands go by their session, which is looked through, or end with their namespace. */
function groupRules(enclosed: boolean, abi: number): readonly Rule[] {
  const session: Rule = { errno: EPERM, calls: ["setsid"] };
  if (enclosed) return [session];
  return [
    session,
    // `timeout` and shells would not go on, or say so at each command. So they believe in a group of their own; what
    // they send to it must not reach everybody.
    { errno: 0, calls: ["setpgid"] },
    ...(abi >= SCOPED_SIGNALS
      ? [{ errno: EPERM, calls: ["kill"], when: [[{ argument: 0, isIn: [0] }]] } as const]
      : []),
  ];
}

const namespaces = { argument: 0, hasBits: CLONE_NAMESPACES };

function signalRules({ landlock, abi, pid, enclosed }: RuleOptions): readonly Rule[] {
  if (!landlock || enclosed || abi >= SCOPED_SIGNALS) return [];
  return [
    {
      errno: EPERM,
      calls: ["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"],
      unless: [{ argument: 0, isIn: [pid] }],
    },
    { errno: EPERM, calls: ["tkill", "pidfd_send_signal"] },
  ];
}

function socketRules({ network, localSockets, commands, enclosed }: RuleOptions): readonly Rule[] {
  // Nobody else is in its network.
  if (commands && enclosed && network === "none") {
    return [
      { errno: EPERM, calls: ["socket"], unless: [{ argument: 0, isIn: [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] }] },
    ];
  }
  // A pair is a pipe. Not of datagrams: those could be sent to another socket.
  const pair: Rule = {
    errno: EPERM,
    calls: ["socketpair"],
    unless: [
      { argument: 0, isIn: [AF_UNIX] },
      { argument: 1, mask: SOCK_TYPE, isIn: [SOCK_STREAM, SOCK_SEQPACKET] },
    ],
  };
  // Where local sockets are allowed, Landlock still lets no port be bound.
  const listening: Rule = {
    errno: EPERM,
    calls: [...(localSockets ? [] : (["bind", "listen", "accept", "accept4"] as const)), "sendmmsg"],
  };
  if (network === "none") return [pair, listening, { errno: EPERM, calls: ["socket", "connect"] }];
  return [
    pair,
    listening,
    {
      errno: EPERM,
      calls: ["socket"],
      unless: [
        { argument: 0, isIn: [AF_INET, AF_INET6, ...(localSockets ? [AF_UNIX] : [])] },
        { argument: 1, mask: SOCK_TYPE, isIn: [SOCK_STREAM] },
        // SCTP and multipath TCP are streams whose ports Landlock does not see.
        { argument: 2, isIn: [0, TCP] },
      ],
    },
    // Connects without being asked whether it may.
    { errno: EPERM, calls: ["sendto"], when: [[{ argument: 3, hasBits: MSG_FASTOPEN }]] },
    { errno: EPERM, calls: ["sendmsg"], when: [[{ argument: 2, hasBits: MSG_FASTOPEN }]] },
  ];
}
