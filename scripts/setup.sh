# Puts the pinned Bun on PATH and installs the locked dependencies. POSIX sh; read by scripts/start, scripts/test and
# .ci/run with `. scripts/setup.sh` from the checkout's root. Needs a shell and either npm or some Bun, nothing else.

aleph_work=.bun/fetch.$$

aleph_fail() {
  rm -rf "$aleph_work"
  echo "setup: $1" >&2
  exit 1
}

# The one version that everything here is built and tested with.
aleph_pinned=$(sed -n 's/.*"packageManager": *"bun@\([^"]*\)".*/\1/p' package.json)
[ -n "$aleph_pinned" ] || aleph_fail 'package.json names no "packageManager": "bun@<version>"'

aleph_is_pinned() {
  [ "$("$1" --version 2>/dev/null)" = "$aleph_pinned" ]
}

# Not by the package `bun`: its binary comes from an install script, which npm may be set to skip. The package of one
# platform holds the binary itself.
aleph_platform() {
  aleph_arch=$(uname -m)
  aleph_suffix=
  case "$(uname -s)" in
    Linux)
      aleph_os=linux
      case "$(ldd --version 2>&1)" in *musl*) aleph_suffix=-musl ;; esac
      case "$aleph_arch" in x86_64 | amd64) grep -q -w avx2 /proc/cpuinfo || aleph_suffix=$aleph_suffix-baseline ;; esac
      ;;
    Darwin)
      aleph_os=darwin
      # A shell under Rosetta says x86_64 on an Apple chip.
      [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ] && aleph_arch=arm64
      case "$aleph_arch" in
        x86_64) sysctl -n machdep.cpu.leaf7_features 2>/dev/null | grep -q -w AVX2 || aleph_suffix=-baseline ;;
      esac
      ;;
    MINGW* | MSYS* | CYGWIN*) aleph_os=windows ;;
    *) aleph_fail "no Bun is made for $(uname -s)" ;;
  esac
  case "$aleph_arch" in
    x86_64 | amd64) aleph_arch=x64 ;;
    aarch64 | arm64) aleph_arch=aarch64 ;;
    *) aleph_fail "no Bun is made for the processor $aleph_arch" ;;
  esac
  echo "bun-$aleph_os-$aleph_arch$aleph_suffix"
}

aleph_fetch() {
  aleph_name=$(aleph_platform) || exit 1
  mkdir -p "$aleph_work"
  echo '{"private":true}' >"$aleph_work/package.json"
  echo "setup: fetching Bun $aleph_pinned (@oven/$aleph_name)" >&2
  if command -v npm >/dev/null 2>&1; then
    npm install --prefix "$aleph_work" --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error \
      "@oven/$aleph_name@$aleph_pinned" >&2 || aleph_fail "npm could not fetch @oven/$aleph_name@$aleph_pinned"
  elif command -v bun >/dev/null 2>&1; then
    bun add --cwd "$aleph_work" --ignore-scripts --exact "@oven/$aleph_name@$aleph_pinned" >&2 ||
      aleph_fail "bun could not fetch @oven/$aleph_name@$aleph_pinned"
  else
    aleph_fail "Bun $aleph_pinned is not on PATH, and there is neither npm nor another Bun to fetch it with"
  fi
  aleph_binary=bun
  [ -f "$aleph_work/node_modules/@oven/$aleph_name/bin/bun.exe" ] && aleph_binary=bun.exe
  mkdir -p "$aleph_bin"
  chmod 755 "$aleph_work/node_modules/@oven/$aleph_name/bin/$aleph_binary"
  # A rename, so that a second set-up at the same time never sees half a file.
  mv -f "$aleph_work/node_modules/@oven/$aleph_name/bin/$aleph_binary" "$aleph_bin/$aleph_binary"
  rm -rf "$aleph_work"
  aleph_is_pinned "$aleph_bin/bun" ||
    aleph_fail "the fetched $aleph_bin/bun does not run here; on Alpine it needs the packages libstdc++ and libgcc"
}

if ! aleph_is_pinned bun; then
  aleph_bin=$PWD/.bun/$aleph_pinned
  aleph_is_pinned "$aleph_bin/bun" || aleph_fetch
  PATH=$aleph_bin:$PATH
  export PATH
fi

bun install --frozen-lockfile --ignore-scripts --silent || aleph_fail "the locked dependencies could not be installed"
