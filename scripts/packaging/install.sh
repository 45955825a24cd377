#!/bin/sh
# Installs aleph-server for the user who runs this, without root: fetches the archive for this machine, checks its SHA-256
# sum, and puts the executable into ~/.local/bin, with the name aleph beside it. POSIX sh; needs curl or wget, tar and gzip.
#
#   ALEPH_VERSION      another version than @VERSION@
#   ALEPH_BIN          another folder than ~/.local/bin
#   ALEPH_RELEASES     a mirror: another folder with the same files
set -eu

# A shell reads to the closing brace before it runs any of this: what came cut off does nothing.
{

version=${ALEPH_VERSION:-@VERSION@}
bin=${ALEPH_BIN:-$HOME/.local/bin}
releases=${ALEPH_RELEASES:-@URL@}
releases=${releases%/}

fail() {
  echo "install: $1" >&2
  exit 1
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is here to fetch $1 with"
  fi || fail "$1 cannot be fetched"
}

sum() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1"
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1"
  else
    fail "neither sha256sum nor shasum is here to check the archive with"
  fi
}

target() {
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no executable for the processor $(uname -m)" ;;
  esac
  case $(uname -s) in
    Linux)
      libc=
      # Debian too may have the loader of musl, as one of two.
      if ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; then
        for loader in /lib/ld-musl-*; do
          [ -e "$loader" ] && libc=-musl
        done
      fi
      # Older processors have an executable of their own, without musl.
      if [ "$arch$libc" = x64 ] && ! grep -q -w avx2 /proc/cpuinfo 2>/dev/null; then libc=-baseline; fi
      echo "linux-$arch$libc"
      ;;
    Darwin)
      # A shell under Rosetta says x86_64 on an Apple chip.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then arch=arm64; fi
      echo "darwin-$arch"
      ;;
    *) fail "there is no executable for $(uname -s); on Windows take the archive from $releases" ;;
  esac
}

name=aleph-server-$version-$(target)
work=$(mktemp -d "${TMPDIR:-/tmp}/aleph-install.XXXXXX")
new=$bin/.aleph-server.$$
trap 'rm -rf "$work" "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "Fetching $name" >&2
# The sums of one version: those of another are published beside them.
sums=SHA256SUMS-$version
fetch "$releases/$sums" "$work/SHA256SUMS"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "$releases/$sums does not list $name.tar.gz"
fetch "$releases/$name.tar.gz" "$work/archive.tar.gz"
got=$(sum "$work/archive.tar.gz")
[ "${got%% *}" = "$wanted" ] || fail "the archive is not the one that $sums lists; nothing was installed"

gzip -dc "$work/archive.tar.gz" | tar -xf - -C "$work"
mkdir -p "$bin"
# Beside its place, tried and then renamed, so that there is never half an executable or one that does not start.
cp "$work/$name/aleph-server" "$new"
chmod 755 "$new"
told=$("$new" version) || fail "$name does not start on this machine; nothing was installed"
mv -f "$new" "$bin/aleph-server"
begin=aleph
case $(readlink "$bin/aleph" || true) in
  aleph-server | */aleph-server) ln -sf aleph-server "$bin/aleph" ;;
  *)
    # TeX has a program of this name too.
    if [ -e "$bin/aleph" ] || [ -L "$bin/aleph" ]; then
      echo "$bin/aleph is another program and stays" >&2
      begin=aleph-server
    else
      ln -s aleph-server "$bin/aleph"
    fi
    ;;
esac

echo "Installed $told in $bin" >&2
case ":$PATH:" in
  *":$bin:"*) echo "Begin with: $begin wizard" >&2 ;;
  *) echo "Begin with: $bin/$begin wizard (and put $bin on your PATH)" >&2 ;;
esac

}
