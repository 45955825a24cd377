/**
 * Programs that only look, each with the options that are known to keep it so. An option that is not here makes the
 * line ask, and so does one that is abbreviated: tokens are compared as a whole. Options stand before operands, because
 * not every system's `getopt` sorts them.
 */

/** What an operand is: a file that is read, a file or folder of which only names and sizes are told, or mere text. */
export interface Operands {
  readonly files: readonly string[];
  /** Whether folders among `files` are read with all that is below. */
  readonly recursive?: boolean;
  /** Whether `files` must not be folders. */
  readonly regular?: boolean;
}

/** The options that were given, as they are spelled in the table. */
export type Seen = ReadonlySet<string>;

export interface Program {
  /** Letters that may be combined after one dash and take no value. */
  readonly flags?: string;
  /** Long options without a value, and long ones whose value is fixed (`--color=never`). */
  readonly long?: readonly string[];
  /** Options with a value, as `-n 5`, `-n5`, `--lines 5` or `--lines=5`. */
  readonly valued?: Readonly<Record<string, RegExp>>;
  /** Other tokens that stand among the options, such as `-20`. */
  readonly other?: RegExp;
  /** Every argument is text, whatever it looks like. */
  readonly textOnly?: boolean;
  /** Which operands are files; nothing when they are not as they should be. */
  readonly operands: (operands: readonly string[], seen: Seen) => Operands | undefined;
}

const NUMBER = /^\d{1,9}$/;
const SIGNED = /^[+-]?\d{1,9}[kKMG]?$/;
const RANGES = /^[\d,-]{1,100}$/;
const ANY = /^[\s\S]*$/;
const COLORS = ["--color=auto", "--color=never", "--color=always"];

const allFiles = (files: readonly string[]): Operands => ({ files });
const regularFiles = (files: readonly string[]): Operands => ({ files, regular: true });
const noFiles = (): Operands => ({ files: [] });
const none = (operands: readonly string[]) => (operands.length === 0 ? noFiles() : undefined);
const twoFiles = (files: readonly string[]) => (files.length === 2 ? regularFiles(files) : undefined);
const upTo = (most: number, shape: RegExp) => (operands: readonly string[]) =>
  operands.length <= most && operands.every((operand) => shape.test(operand)) ? noFiles() : undefined;

const checksum: Program = { flags: "bt", operands: regularFiles };

const TEST_FILE = /^-[defhLrswx]$/;
const TEST_COMPARE = /^(?:=|!=|-eq|-ne|-lt|-le|-gt|-ge)$/;

export const READ_ONLY_PROGRAMS: Readonly<Record<string, Program>> = {
  ls: {
    flags: "aAbBcCdfFgGhiklmnNopqQrRsStuUvxX1",
    long: [
      "--all",
      "--almost-all",
      "--human-readable",
      "--recursive",
      "--reverse",
      "--directory",
      "--inode",
      "--size",
      "--full-time",
      "--group-directories-first",
      "--classify",
      ...COLORS,
    ],
    operands: allFiles,
  },
  cat: {
    flags: "nbsEvTAetu",
    long: ["--number", "--number-nonblank", "--show-all", "--show-ends", "--show-tabs"],
    operands: regularFiles,
  },
  tac: { operands: regularFiles },
  rev: { operands: regularFiles },
  head: {
    flags: "qv",
    valued: { "-n": SIGNED, "-c": SIGNED, "--lines": SIGNED, "--bytes": SIGNED },
    other: /^-\d{1,6}$/,
    operands: regularFiles,
  },
  tail: {
    flags: "qv",
    valued: { "-n": SIGNED, "-c": SIGNED, "--lines": SIGNED, "--bytes": SIGNED },
    other: /^-\d{1,6}$/,
    operands: regularFiles,
  },
  wc: {
    flags: "lwcmL",
    long: ["--lines", "--words", "--bytes", "--chars", "--max-line-length"],
    operands: regularFiles,
  },
  nl: { valued: { "-b": /^[atn]$/, "-w": NUMBER, "-s": ANY, "-n": /^(?:ln|rn|rz)$/ }, operands: regularFiles },
  od: {
    flags: "abcdox",
    valued: { "-A": /^[doxn]$/, "-t": /^[a-z0-9]{1,8}$/, "-N": NUMBER, "-j": NUMBER },
    operands: regularFiles,
  },
  fold: { flags: "bs", valued: { "-w": NUMBER }, operands: regularFiles },
  base64: { flags: "di", valued: { "-w": NUMBER }, operands: regularFiles },
  sort: {
    flags: "rnufbdihVgMcCs",
    long: ["--reverse", "--numeric-sort", "--unique", "--ignore-case", "--human-numeric-sort", "--version-sort"],
    valued: {
      "-k": /^[\d.,bdfghinrMV]{1,40}$/,
      "-t": /^.$/,
      "--key": /^[\d.,bdfghinrMV]{1,40}$/,
      "--field-separator": /^.$/,
    },
    operands: regularFiles,
  },
  // A second operand would be the file that it writes.
  uniq: {
    flags: "cdDiu",
    long: ["--count", "--repeated", "--unique", "--ignore-case"],
    valued: { "-f": NUMBER, "-s": NUMBER, "-w": NUMBER },
    operands: (files) => (files.length <= 1 ? regularFiles(files) : undefined),
  },
  cut: {
    flags: "s",
    long: ["--complement", "--only-delimited"],
    valued: {
      "-d": /^.$/,
      "-f": RANGES,
      "-c": RANGES,
      "-b": RANGES,
      "--delimiter": /^.$/,
      "--fields": RANGES,
      "--characters": RANGES,
      "--bytes": RANGES,
      "--output-delimiter": ANY,
    },
    operands: regularFiles,
  },
  paste: { flags: "s", valued: { "-d": ANY }, operands: regularFiles },
  tr: { flags: "dscCt", long: ["--delete", "--squeeze-repeats", "--complement"], operands: upTo(2, ANY) },
  grep: {
    flags: "invcloLwxEFhHsqar",
    long: [
      "--ignore-case",
      "--line-number",
      "--invert-match",
      "--count",
      "--files-with-matches",
      "--files-without-match",
      "--only-matching",
      "--word-regexp",
      "--line-regexp",
      "--extended-regexp",
      "--fixed-strings",
      "--no-filename",
      "--with-filename",
      "--quiet",
      "--recursive",
      ...COLORS,
    ],
    valued: {
      "-e": ANY,
      "-m": NUMBER,
      "-A": NUMBER,
      "-B": NUMBER,
      "-C": NUMBER,
      "--regexp": ANY,
      "--max-count": NUMBER,
      "--after-context": NUMBER,
      "--before-context": NUMBER,
      "--context": NUMBER,
      "--include": ANY,
      "--exclude": ANY,
      "--exclude-dir": ANY,
    },
    other: /^-\d{1,3}$/,
    operands(operands, seen) {
      const recursive = seen.has("-r") || seen.has("--recursive");
      const hasPattern = seen.has("-e") || seen.has("--regexp");
      if (!hasPattern && operands.length === 0) return undefined;
      const files = hasPattern ? operands : operands.slice(1);
      return { files: recursive && files.length === 0 ? ["."] : files, recursive };
    },
  },
  // No `--pre`, `--hostname-bin`, `-z`: they start programs. No `-L`: it follows links out of the workspace.
  rg: {
    flags: "inlcvwSsFoHINxU0p",
    long: [
      "--ignore-case",
      "--smart-case",
      "--line-number",
      "--no-line-number",
      "--files-with-matches",
      "--files-without-match",
      "--count",
      "--invert-match",
      "--word-regexp",
      "--fixed-strings",
      "--only-matching",
      "--no-heading",
      "--heading",
      "--no-filename",
      "--with-filename",
      "--multiline",
      "--hidden",
      "--no-ignore",
      "--json",
      ...COLORS,
    ],
    valued: {
      "-e": ANY,
      "-g": ANY,
      "-t": /^[a-z0-9]{1,20}$/,
      "-T": /^[a-z0-9]{1,20}$/,
      "-m": NUMBER,
      "-A": NUMBER,
      "-B": NUMBER,
      "-C": NUMBER,
      "--regexp": ANY,
      "--glob": ANY,
      "--type": /^[a-z0-9]{1,20}$/,
      "--type-not": /^[a-z0-9]{1,20}$/,
      "--max-count": NUMBER,
      "--max-depth": NUMBER,
      "--after-context": NUMBER,
      "--before-context": NUMBER,
      "--context": NUMBER,
    },
    operands(operands, seen) {
      const hasPattern = seen.has("-e") || seen.has("--regexp");
      if (!hasPattern && operands.length === 0) return undefined;
      const files = hasPattern ? operands : operands.slice(1);
      return { files: files.length === 0 ? ["."] : files, recursive: true };
    },
  },
  diff: {
    flags: "uqsiwbBay",
    long: ["--brief", "--unified", "--side-by-side", "--ignore-case", "--ignore-all-space", ...COLORS],
    valued: { "-U": NUMBER, "-W": NUMBER },
    operands: twoFiles,
  },
  cmp: { flags: "bls", operands: twoFiles },
  comm: { other: /^-[123]{1,3}$/, operands: twoFiles },
  column: { flags: "tx", valued: { "-s": ANY, "-o": ANY, "-c": NUMBER }, operands: regularFiles },
  hexdump: { flags: "Cbcdovx", valued: { "-n": NUMBER, "-s": NUMBER }, operands: regularFiles },
  // A second operand would be the file that it writes.
  xxd: {
    flags: "bupia",
    valued: { "-l": NUMBER, "-s": NUMBER, "-c": NUMBER, "-g": NUMBER },
    operands: (files) => (files.length <= 1 ? regularFiles(files) : undefined),
  },
  tree: {
    flags: "adfhpsDFCnri",
    long: ["--noreport", "--dirsfirst"],
    valued: { "-L": NUMBER, "-I": ANY, "-P": ANY },
    operands: allFiles,
  },
  stat: { flags: "t", valued: { "-c": ANY, "--format": ANY, "--printf": ANY }, operands: allFiles },
  file: { flags: "bih", long: ["--brief", "--mime", "--mime-type", "--mime-encoding"], operands: allFiles },
  du: {
    flags: "shackbmx",
    long: ["--summarize", "--human-readable", "--all", "--total", "--apparent-size"],
    valued: { "-d": NUMBER, "--max-depth": NUMBER },
    operands: allFiles,
  },
  df: { flags: "hHTikPal", long: ["--human-readable"], operands: allFiles },
  realpath: { flags: "emqs", operands: allFiles },
  readlink: { flags: "fenq", operands: allFiles },
  basename: { flags: "az", valued: { "-s": ANY, "--suffix": ANY }, operands: noFiles },
  dirname: { flags: "z", operands: noFiles },
  md5sum: checksum,
  sha1sum: checksum,
  sha256sum: checksum,
  sha512sum: checksum,
  cksum: { operands: regularFiles },
  pwd: { flags: "LP", operands: none },
  whoami: { operands: none },
  id: { flags: "ugGnr", operands: none },
  groups: { operands: none },
  uname: { flags: "asnrvmpio", long: ["--all"], operands: none },
  arch: { operands: none },
  nproc: { operands: none },
  uptime: { flags: "p", operands: none },
  free: { flags: "hmgkbtlw", operands: none },
  // An operand would set it.
  hostname: { operands: none },
  locale: { operands: none },
  sleep: {
    operands: (words) =>
      words.length === 1 && /^(?:\d|[1-5]\d|60)(?:\.\d+)?s?$/.test(words[0]!) ? noFiles() : undefined,
  },
  true: { operands: none },
  false: { operands: none },
  echo: { textOnly: true, operands: noFiles },
  // No `*` and no long width: the text would come from the format, gigabytes of it.
  printf: {
    textOnly: true,
    operands: ([format]) =>
      format !== undefined && !/^-|%[^%a-zA-Z]*(?:\*|\d{4})/.test(format) ? noFiles() : undefined,
  },
  // A bare operand sets the clock.
  date: {
    flags: "uR",
    long: ["--utc", "-I", "-Iseconds", "-Iminutes", "-Ihours", "-Idate", "--iso-8601", "--rfc-email"],
    valued: { "-d": /^[A-Za-z0-9 :+.-]{1,80}$/, "--date": /^[A-Za-z0-9 :+.-]{1,80}$/ },
    operands: upTo(1, /^\+/),
  },
  seq: { flags: "w", valued: { "-s": ANY }, other: /^-\d{1,7}$/, operands: upTo(3, /^\d{1,7}$/) },
  which: { flags: "a", operands: upTo(20, /^[A-Za-z0-9_+][A-Za-z0-9_.+-]*$/) },
  expr: { textOnly: true, operands: (words) => (words.length >= 3 && words.length <= 20 ? noFiles() : undefined) },
  test: { textOnly: true, operands: testOperands },
};

function testOperands(words: readonly string[]): Operands | undefined {
  const [first = "", second = "", third] = words;
  if (words.length === 2 && TEST_FILE.test(first)) return { files: [second] };
  if (words.length === 2 && /^-[nz]$/.test(first)) return noFiles();
  return words.length === 3 && TEST_COMPARE.test(second) && third !== undefined ? noFiles() : undefined;
}
