/** The rules for system calls, judged as the kernel judges them; for architectures and kernels too that are not at hand. */
import { expect, test } from "bun:test";
import { assembleFilter } from "../../../src/sandbox/linux/filter.ts";
import { confiningRules, type RuleOptions } from "../../../src/sandbox/linux/rules.ts";
import { architectureOf, SYSCALLS, type Syscall } from "../../../src/sandbox/linux/syscalls.ts";
import { runFilter } from "./run-filter.ts";

const EPERM = 1;
const ENOMEM = 12;
const ENOSYS = 38;
const ENOTSUP = 95;
const PID = 4711;

const ALONE: RuleOptions = {
  processes: 1,
  network: "none",
  landlock: true,
  commands: false,
  enclosed: false,
  user: null,
  abi: 7,
  pid: PID,
};

const architectures = ["x64", "arm64"].map((name) => architectureOf(name)!);

/** What becomes of a call, on every architecture that has it. */
function judge(options: Partial<RuleOptions>, call: Syscall, ...args: number[]): "allow" | "kill" | number | undefined {
  const verdicts = architectures.flatMap((architecture) => {
    const number = architecture.number(call);
    if (number === undefined) return [];
    const program = assembleFilter(confiningRules({ ...ALONE, ...options }), architecture);
    return [runFilter(program, { audit: architecture.audit, number, args })];
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0];
}

const REFUSED: Readonly<Record<number, string>> = {
  [EPERM]: `
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd kcmp perf_event_open
    migrate_pages move_pages ioprio_set setpriority bpf userfaultfd keyctl add_key request_key syslog acct reboot vhangup
    mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr statmount listmount
    setns unshare swapon swapoff quotactl quotactl_fd sethostname setdomainname init_module finit_module delete_module
    kexec_load kexec_file_load settimeofday clock_settime clock_adjtime adjtimex iopl ioperm modify_ldt
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat open_by_handle_at
    setsid setpgid fork vfork socket connect bind listen accept accept4 sendmmsg`,
  [ENOTSUP]: `
    setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr
    fremovexattr name_to_handle_at`,
  [ENOSYS]: `
    io_uring_setup io_uring_enter io_uring_register openat2 clone3 fanotify_init fanotify_mark inotify_init inotify_init1
    inotify_add_watch uselib ustat sysfs memfd_create memfd_secret shmget shmat shmctl semget semop semctl semtimedop
    msgget msgsnd msgrcv msgctl mq_open mq_unlink`,
};

test("confiningRules refuse what is never needed, whatever the arguments", () => {
  for (const [errno, list] of Object.entries(REFUSED)) {
    const calls = list.trim().split(/\s+/) as Syscall[];
    expect(calls.map((call) => [call, judge({}, call), judge({}, call, -1, -1, -1, -1)])).toEqual(
      calls.map((call) => [call, Number(errno), Number(errno)]),
    );
  }
});

test("confiningRules let through what programs live by", () => {
  const calls = [
    "execve",
    "prctl",
    "fcntl",
    "ioctl",
    "sendto",
    "sendmsg",
    "seccomp",
    "setresuid",
    "kill",
    "faccessat",
  ] as const;
  expect(calls.map((call) => [call, judge({}, call, 0, 0, 0, 0)])).toEqual(calls.map((call) => [call, "allow"]));
  // read, write, close, futex, exit_group and the like have no rule.
  for (const architecture of architectures) {
    const ruled = new Set(Object.keys(SYSCALLS).map((call) => architecture.number(call as Syscall)));
    const program = assembleFilter(confiningRules(ALONE), architecture);
    for (let number = 0; number <= 462; number++) {
      if (!ruled.has(number)) expect(runFilter(program, { audit: architecture.audit, number })).toBe("allow");
    }
  }
});

test("a filter kills who speaks another architecture's language, and knows no later calls", () => {
  const [x64, arm64] = architectures;
  const program = assembleFilter(confiningRules(ALONE), x64!);
  expect([
    runFilter(program, { audit: arm64!.audit, number: 0 }),
    runFilter(program, { audit: 0x40000003, number: 0 }),
    runFilter(program, { audit: x64!.audit, number: 0x40000000 + 41 }),
    runFilter(program, { audit: x64!.audit, number: 463 }),
    runFilter(program, { audit: x64!.audit, number: 462 }),
  ]).toEqual(["kill", "kill", "kill", ENOSYS, "allow"]);
});

test("confiningRules let a process set limits and schedules for itself alone", () => {
  const calls = ["prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"] as const;
  for (const call of calls) {
    expect([judge({}, call, 0), judge({}, call, 1), judge({}, call, PID)]).toEqual(["allow", EPERM, EPERM]);
  }
});

test("confiningRules let one process make threads only, and many make processes, but no namespaces", () => {
  const THREAD = 0x3d0f00;
  const PROCESS = 0x1200011;
  const verdicts = (processes: number) =>
    [THREAD, PROCESS, 0x4111, THREAD | 0x10000000, PROCESS | 0x20000, PROCESS | 0x40000000, PROCESS | 0x80].map(
      (flags) => judge({ processes }, "clone", flags),
    );
  expect(verdicts(1)).toEqual(["allow", EPERM, EPERM, EPERM, EPERM, EPERM, EPERM]);
  expect(verdicts(2)).toEqual(["allow", "allow", "allow", EPERM, EPERM, EPERM, EPERM]);
  expect([judge({ processes: 2 }, "fork"), judge({ processes: 2 }, "vfork")]).toEqual(["allow", "allow"]);
  expect([judge({ processes: 2 }, "setsid"), judge({ processes: 2 }, "setpgid")]).toEqual([EPERM, EPERM]);
});

test("confiningRules let out signals only where Landlock or a namespace holds them", () => {
  const others = (options: Partial<RuleOptions>) =>
    (["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill", "pidfd_send_signal"] as const).map((call) =>
      judge(options, call, 1),
    );
  expect(others({ abi: 6 })).toEqual(Array(6).fill("allow"));
  expect(others({ abi: 0, landlock: false })).toEqual(Array(6).fill("allow"));
  expect(others({ abi: 5 })).toEqual(Array(6).fill(EPERM));
  expect([judge({ abi: 5 }, "kill", PID), judge({ abi: 5 }, "tgkill", PID), judge({ abi: 5 }, "kill", -PID)]).toEqual([
    "allow",
    "allow",
    EPERM,
  ]);
});

test("confiningRules refuse files with their owner's rights, and on old kernels to truncate", () => {
  const [O_RDONLY, O_RDWR, O_CREATE, O_TRUNCATE, O_TMPFILE] = [0, 2, 0o100, 0o1000, 0o20000000];
  const open = (flags: number, mode: number, abi = 7) => judge({ abi }, "openat", -100, 0, flags, mode);
  expect([
    open(O_RDWR | O_CREATE, 0o644),
    open(O_RDWR | O_CREATE, 0o4755),
    open(O_RDWR | O_CREATE, 0o2755),
    open(O_RDWR | O_TMPFILE, 0o4755),
    // Without a file to be made, the mode is whatever was there.
    open(O_RDONLY, 0o4755),
    open(O_RDONLY | O_TRUNCATE, 0),
    open(O_RDONLY | O_TRUNCATE, 0, 2),
    open(O_RDWR | O_TRUNCATE, 0, 2),
  ]).toEqual(["allow", EPERM, EPERM, EPERM, "allow", "allow", EPERM, "allow"]);
  expect([
    judge({}, "open", 0, O_CREATE, 0o4755),
    judge({ abi: 2 }, "open", 0, O_TRUNCATE, 0),
    judge({}, "creat", 0, 0o4755),
    judge({}, "mknod", 0, 0o104755),
    judge({}, "mknodat", -100, 0, 0o104755),
    judge({}, "truncate"),
    judge({ abi: 2 }, "truncate"),
    judge({ abi: 0, landlock: false }, "truncate"),
  ]).toEqual([EPERM, EPERM, EPERM, EPERM, EPERM, "allow", EPERM, "allow"]);
});

test("confiningRules refuse ways by which a file sends signals, changes its flags or types into a terminal", () => {
  const fcntl = [8, 10, 15, 4].map((command) => judge({}, "fcntl", 0, command));
  expect(fcntl).toEqual([EPERM, EPERM, EPERM, "allow"]);
  const ioctl = [0x8901, 0x8902, 0x5412, 0x541c, 0x40086602, 0x401c5820, 0x541b].map((command) =>
    judge({}, "ioctl", 0, command),
  );
  expect(ioctl).toEqual([EPERM, EPERM, EPERM, EPERM, EPERM, EPERM, "allow"]);
});

test("confiningRules keep a process bound to its server, and its memory counted", () => {
  expect([judge({}, "prctl", 1), judge({}, "prctl", 15)]).toEqual([EPERM, "allow"]);
  const mmap = [0x21, 0x23, 0x22, 0x01, 0x4022].map((flags) => judge({}, "mmap", 0, 4096, 3, flags));
  expect(mmap).toEqual([ENOMEM, ENOMEM, "allow", "allow", "allow"]);
});

test("confiningRules let pairs of streams through, and with a port TCP sockets that Landlock sees", () => {
  const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16];
  const [STREAM, DATAGRAM, SEQPACKET, NONBLOCK] = [1, 2, 5, 0o4000];
  const pair = (family: number, type: number) => judge({}, "socketpair", family, type);
  expect([pair(UNIX, STREAM), pair(UNIX, SEQPACKET | NONBLOCK), pair(UNIX, DATAGRAM), pair(INET, STREAM)]).toEqual([
    "allow",
    "allow",
    EPERM,
    EPERM,
  ]);
  const proxy = { network: { proxyPort: 8080 } };
  const socket = (family: number, type: number, protocol: number) => judge(proxy, "socket", family, type, protocol);
  expect([
    socket(INET, STREAM | NONBLOCK, 0),
    socket(INET6, STREAM, 6),
    socket(INET, DATAGRAM, 0),
    socket(UNIX, STREAM, 0),
    socket(NETLINK, STREAM, 0),
    socket(INET, STREAM, 132),
    socket(INET, STREAM, 262),
    judge(proxy, "connect"),
    judge(proxy, "bind"),
    judge(proxy, "listen"),
  ]).toEqual(["allow", "allow", EPERM, EPERM, EPERM, EPERM, EPERM, "allow", EPERM, EPERM]);
  const FASTOPEN = 0x20000000;
  expect([
    judge(proxy, "sendto", 3, 0, 0, 0),
    judge(proxy, "sendto", 3, 0, 0, FASTOPEN),
    judge(proxy, "sendmsg", 3, 0, 0),
    judge(proxy, "sendmsg", 3, 0, FASTOPEN),
  ]).toEqual(["allow", EPERM, "allow", EPERM]);
});

const COMMANDS: Partial<RuleOptions> = { commands: true, processes: 100 };

test("confiningRules let commands set rights and times, but no set-id, and nothing open to others where they own files outside", () => {
  for (const place of [{ enclosed: true }, { user: 4711 }, {}] satisfies Partial<RuleOptions>[]) {
    const options = { ...COMMANDS, ...place };
    const isOwner = Object.keys(place).length === 0;
    expect(judge(options, "fchmod", 3, 0o755)).toBe("allow");
    expect(judge(options, "fchmodat", 0, 0, 0o711)).toBe("allow");
    expect(judge(options, "fchmodat", 0, 0, 0o755)).toBe(isOwner ? EPERM : "allow");
    for (const mode of [0o4755, 0o2755]) {
      expect(judge(options, "fchmod", 3, mode)).toBe(EPERM);
      expect(judge(options, "fchmodat", 0, 0, mode)).toBe(EPERM);
      expect(judge(options, "fchmodat2", 0, 0, mode)).toBe(EPERM);
    }
    expect(judge(options, "utimensat")).toBe("allow");
    expect(judge(options, "fchownat")).toBe(EPERM);
  }
});

test("confiningRules keep commands in their session, and let them believe in groups where there is no namespace", () => {
  expect(judge({ ...COMMANDS, enclosed: true }, "setsid")).toBe(EPERM);
  expect(judge(COMMANDS, "setsid")).toBe(EPERM);
  expect(judge({ ...COMMANDS, enclosed: true }, "setpgid")).toBe("allow");
  // No error, and nothing done.
  expect(judge(COMMANDS, "setpgid")).toBe(0);
  expect(judge(COMMANDS, "kill", 0, 15)).toBe(EPERM);
  expect(judge(COMMANDS, "kill", 77, 15)).toBe("allow");
  expect(judge({ ...COMMANDS, enclosed: true }, "kill", 0, 15)).toBe("allow");
  expect(judge({ ...COMMANDS, abi: 5 }, "kill", 77, 15)).toBe(EPERM);
});

test("confiningRules let commands use a network of their own, and no other", () => {
  const [unix, inet, vsock, packet] = [1, 2, 40, 17];
  const own = { ...COMMANDS, enclosed: true };
  for (const family of [unix, inet]) expect(judge(own, "socket", family, 1, 0)).toBe("allow");
  for (const family of [vsock, packet]) expect(judge(own, "socket", family, 1, 0)).toBe(EPERM);
  expect(judge(own, "bind")).toBe("allow");
  expect(judge({ ...own, network: { proxyPort: 1 } }, "bind")).toBe(EPERM);
  expect(judge({ ...own, network: { proxyPort: 1 } }, "socket", unix, 1, 0)).toBe(EPERM);
  expect(judge(COMMANDS, "socket", inet, 1, 0)).toBe(EPERM);
  expect(judge(own, "inotify_init1")).toBe("allow");
  expect(judge(COMMANDS, "inotify_init1")).toBe(ENOSYS);
});
