/** What "always" may stand for: one program that does what its arguments say, with exactly these arguments. */
import type { BoundFile, CommandPattern } from "./command.ts";
import { programName } from "./shell-words.ts";

/**
 * Programs whose arguments, files or surroundings decide what runs: to allow one of them always is to allow anything.
 * Shells, wrappers, interpreters, package managers and build tools, remote shells, containers, version control, editors,
 * pagers, debuggers, and what starts other programs by design.
 */
const NEVER_ALWAYS: ReadonlySet<string> = new Set(
  [
    "sh bash dash zsh ksh ash fish csh tcsh busybox toybox rbash pwsh powershell cmd",
    "env xargs parallel nohup nice ionice chrt taskset timeout time stdbuf setsid setarch unshare nsenter chroot script",
    "scriptreplay watch entr flock expect unbuffer strace ltrace gdb lldb valgrind perf ld.so systemd-run at batch crontab",
    "sudo su doas pkexec runuser gosu start-stop-daemon run-parts make-cadir capsh choom prlimit numactl logsave",
    "find fd fdfind locate sed gsed awk gawk mawk nawk ed ex red perl python ruby php lua luajit node nodejs bun deno tclsh",
    "wish guile scheme ocaml ghc runghc erl elixir iex java javac jshell kotlin scala groovy r rscript julia octave m4",
    "dc bc sqlite3 psql mysql mariadb mongo mongosh redis-cli gnuplot latex tex pdflatex xelatex lualatex gs convert magick",
    "npm npx pnpm pnpx yarn bunx corepack pip pip3 pipx uv uvx poetry conda mamba gem bundle bundler rake cargo rustc rustup",
    "go gofmt mvn gradle gradlew ant sbt dotnet nuget composer mix rebar3 cabal stack opam apt apt-get aptitude dpkg dnf yum",
    "rpm zypper pacman apk emerge brew port snap flatpak nix nix-shell nix-env guix winget choco scoop",
    "make gmake bmake ninja just task cmake ctest meson bazel buck scons gcc g++ cc c++ clang clang++ ld tsc jest vitest",
    "git gh hub glab svn hg bzr fossil cvs tig lazygit",
    "ssh scp sftp rsync mosh telnet nc ncat netcat socat sshfs ssh-agent ssh-add sshpass ftp lftp tftp curl wget aria2c",
    "docker podman nerdctl buildah skopeo kubectl oc helm minikube lxc lxd machinectl vagrant virsh qemu crictl ctr runc",
    "terraform ansible ansible-playbook puppet chef salt aws gcloud az",
    "vi vim nvim view rvim vimdiff ex emacs emacsclient nano pico micro code subl gedit kate joe jed mcedit less more most",
    "man info pg screen tmux byobu dtach abduco mc ranger nnn top htop w3m lynx links elinks",
    "tar bsdtar zip unzip 7z cpio ar rpm2cpio split sort tee dd install pax",
    "open xdg-open osascript launchctl systemctl service kill pkill killall aleph aleph-server",
  ].flatMap((line) => line.split(" ")),
);

/** What a person may allow for good, or null. `program` is a real path; `name` is how it was called. */
export function patternOf(
  [name = "", ...args]: readonly string[],
  program: BoundFile | undefined,
  workspace: string,
): CommandPattern | null {
  if (!program || !mayBeAlways(name) || !mayBeAlways(program.path)) return null;
  return { program: program.path, sha256: program.sha256, args, workspace };
}

/** `python3.12` is python, `clang-18` is clang. */
function mayBeAlways(program: string): boolean {
  const name = programName(program).replace(/\.exe$/, "");
  const bare = name.replace(/[-.]?\d[\d.]*$/, "");
  return !NEVER_ALWAYS.has(name) && !NEVER_ALWAYS.has(bare);
}
