#!/bin/sh
# Installs aleph-server for the user who runs this, without root: fetches the archive for this machine, checks its SHA-256
# sum, and puts the executable into ~/.local/bin, with the name aleph beside it. POSIX sh; needs curl or wget, tar and gzip.
#
#   ALEPH_VERSION      another version than @VERSION@
#   ALEPH_BIN          another folder than ~/.local/bin
#   ALEPH_RELEASES     a mirror: another folder with the same files
set -eu

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
  fi | cut -d ' ' -f 1
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
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "Fetching $name" >&2
fetch "$releases/SHA256SUMS" "$work/SHA256SUMS"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || fail "$releases/SHA256SUMS does not list $name.tar.gz"
fetch "$releases/$name.tar.gz" "$work/archive.tar.gz"
[ "$(sum "$work/archive.tar.gz")" = "$wanted" ] || fail "the archive is not the one that SHA256SUMS lists; nothing was installed"

gzip -dc "$work/archive.tar.gz" | tar -xf - -C "$work"
mkdir -p "$bin"
# Beside its place and then renamed, so that there is never half an executable.
cp "$work/$name/aleph-server" "$bin/.aleph-server.$$"
chmod 755 "$bin/.aleph-server.$$"
mv -f "$bin/.aleph-server.$$" "$bin/aleph-server"
ln -sf aleph-server "$bin/aleph"
"$bin/aleph-server" version >/dev/null || fail "$bin/aleph-server does not start on this machine"

echo "Installed $("$bin/aleph-server" version) in $bin" >&2
case ":$PATH:" in
  *":$bin:"*) echo "Begin with: aleph wizard" >&2 ;;
  *) echo "Begin with: $bin/aleph wizard (and put $bin on your PATH)" >&2 ;;
esac
