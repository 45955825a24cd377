/** The units for systemd: one for a whole machine, confined as far as the server's own confinement allows, and one for a person's account. */
import { commandLine, homeOfService, type ServiceDescription } from "./description.ts";

export const UNIT = "aleph-server.service";

/** What cannot be mended by another start: refused rights (77) and a config that is not valid (78). */
const LIFE = `Type=exec
Restart=on-failure
RestartSec=2
RestartPreventExitStatus=77 78
# Only the server is told to stop: it ends what it started after its runs have come to a safe point.
KillMode=mixed
TimeoutStopSec=90
UMask=0077
LimitNOFILE=65536`;

/** Runs as a user that exists only while it runs; its home is `/var/lib/aleph`. */
export function systemUnit(description: ServiceDescription): string {
  return `[Unit]
Description=Aleph, a personal AI assistant
Documentation=man:aleph-server(1)
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${execLine(description)}
# Who has no name here has no home either.
Environment=HOME=%S/aleph ALEPH_HOME=%S/aleph
# Keys of providers and the like, NAME=value a line; read by root before the server starts.
EnvironmentFile=-/etc/default/aleph-server
WorkingDirectory=%S/aleph
${LIFE}

# A user that has nothing else, and one folder that is its own.
DynamicUser=yes
StateDirectory=aleph
StateDirectoryMode=0700
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
# Netlink tells which addresses the machine has, and brings up the loopback of a confined command.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# The server confines what it starts more narrowly than this unit confines the server, with Landlock and seccomp, and with
# mounts in user namespaces (bubblewrap, Chromium). So these calls stay, and so RestrictNamespaces= is not set.
SystemCallFilter=@system-service @mount landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
SystemCallErrorNumber=EPERM

# Not set, and why:
# MemoryDenyWriteExecute=: JavaScript is compiled to machine code while it runs.
# ProtectKernelTunables=, ProtectKernelLogs=, ProtectHostname=, ProtectProc=, ProcSubset=: each hides or covers a part of
#   /proc, and then the kernel lets nobody mount a /proc of a new namespace: commands would be confined without mounts.
#   What they forbid, a user without capabilities may not do anyway.
# PrivateUsers=: the ids of confined commands are mapped by the server.
# PrivateNetwork=, IPAddressDeny=: models, chats and people are reached over the network.

[Install]
WantedBy=multi-user.target
`;
}

/** Runs as the person, with the person's files: what the agent may touch, the server rules. */
export function userUnit(description: ServiceDescription): string {
  const home = homeOfService(description);
  return `[Unit]
Description=Aleph, a personal AI assistant
Documentation=man:aleph-server(1)

[Service]
ExecStart=${execLine(description)}
${home === undefined ? "" : `Environment=${quote(`ALEPH_HOME=${home}`)}\n`}# Keys of providers and the like, NAME=value a line.
EnvironmentFile=-%E/aleph/environment
${LIFE}
# Nothing that it starts becomes root. What else confines is the server's own: a unit of a person can hide nothing without a
# user namespace, in which the server could not make those of its commands.
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`;
}

/** Variables are replaced in arguments, in the path of the program they are not. */
function execLine(description: ServiceDescription): string {
  return commandLine(description)
    .map((word, index) => quote(index === 0 ? word : word.replaceAll("$", "$$$$")))
    .join(" ");
}

/** A word as systemd.syntax(7) has it: specifiers are escaped, quotes stand where they are needed. */
function quote(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
