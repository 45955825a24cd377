/** What Debian's policy wants said beside an executable. */
import type { Release } from "./release.ts";

export const README_DEBIAN = `aleph-server for Debian
=======================

Nothing was started: the package brings two services and leaves it to you which one
you want.

For yourself, with everything in ~/.aleph:

    aleph service install

For the machine, as a user of its own that may write to /var/lib/aleph alone:

    sudo aleph service install --system
    sudo cat /var/lib/aleph/credentials/token

The second line shows the token for the login at http://127.0.0.1:18790. Keys of
providers may stand in /etc/default/aleph-server, NAME=value a line (mode 0600).

aleph is a link to aleph-server, made by update-alternatives unless another package,
such as texlive-binaries, has a program of this name: then say aleph-server.

An upgrade starts the service of the machine anew if it runs; those of persons go on
as they are until: aleph service restart

Before you remove the package, let nothing start the server any more:

    aleph service uninstall
    sudo aleph service uninstall --system

Removing and even purging the package leaves /var/lib/aleph and ~/.aleph as they are:
they hold your conversations. To delete those of the machine, which cannot be undone:

    sudo rm -r /var/lib/private/aleph /var/lib/aleph

bubblewrap is recommended: with it commands that the agent runs see a file system of
their own besides what Landlock and seccomp do.
`;

export const LINTIAN_OVERRIDES = `# The program and its data stand behind the code in the file: strip would cut them off.
aleph-server: unstripped-binary-or-object [usr/bin/aleph-server]
# This is how Bun itself is linked; a program made with it cannot be linked anew.
aleph-server: hardening-no-pie [usr/bin/aleph-server]
aleph-server: hardening-no-relro [usr/bin/aleph-server]
# The texts of the licences of what the executable contains; that of Aleph itself is referred to.
aleph-server: copyright-file-contains-full-apache-2-license
# Bun links what it needs statically; there is no other way to build it.
aleph-server: embedded-library *[usr/bin/aleph-server]
# Nobody filed an intent to package it: it is not in Debian.
aleph-server: initial-upload-closes-no-bugs *
`;

/** Made like those of debhelper, whose tools all Debian systems have; without systemd they do nothing. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
	update-alternatives --install /usr/bin/aleph aleph /usr/bin/aleph-server 50 \\
		--slave /usr/share/man/man1/aleph.1.gz aleph.1.gz /usr/share/man/man1/aleph-server.1.gz
	# What an enabled service links to is known by this when the package is purged.
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper update-state aleph-server.service >/dev/null || true
	fi
fi
# A server that runs goes on with the new version; one that does not is not started.
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload >/dev/null || true
	if [ -n "$2" ]; then
		deb-systemd-invoke try-restart aleph-server.service >/dev/null || true
	fi
fi
exit 0
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ]; then
	update-alternatives --remove aleph /usr/bin/aleph-server
fi
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	deb-systemd-invoke stop aleph-server.service >/dev/null || true
fi
exit 0
`,
  postrm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
	systemctl --system daemon-reload >/dev/null || true
fi
# Links of a service that was enabled. Conversations are no part of the package: they stay, even now.
if [ "$1" = purge ] && command -v deb-systemd-helper >/dev/null; then
	deb-systemd-helper purge aleph-server.service >/dev/null || true
fi
exit 0
`,
};

export function changelog({ maintainer, date, version }: Release, debian: string): string {
  return `aleph-server (${debian}) stable; urgency=medium

  * Version ${version}; what is new in it: changelog.gz.

 -- ${maintainer}  ${date.toUTCString().replace("GMT", "+0000")}
`;
}

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ */
export function copyright(notices: string, { url }: Release): string {
  const text = notices
    .trim()
    .split("\n")
    // A line of the field that is empty, or would begin a new field.
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`));
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Aleph
Source: ${url}

Files: *
Copyright: the authors of Aleph
License: Apache-2.0

Files: usr/bin/aleph-server
Copyright: the authors of Aleph, and those whom the notices below name
License: Apache-2.0 and notices

License: Apache-2.0
 On Debian systems the text of the licence is in
 /usr/share/common-licenses/Apache-2.0.

License: notices
 Works that the executable contains, with their licences.
 .
${text.join("\n")}
`;
}
