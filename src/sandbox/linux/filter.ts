/** Writes seccomp filters: rules for system calls to the classic BPF program that the kernel runs before each. */
import { type Architecture, LAST_SYSCALL, type Syscall } from "./syscalls.ts";

/** A look at one argument of a call, of which the kernel too takes the lower 32 bits. */
export type Test =
  | { readonly argument: number; readonly mask?: number; readonly isIn: readonly number[] }
  | { readonly argument: number; readonly hasBits: number };

export interface Rule {
  readonly calls: readonly Syscall[];
  readonly errno: number;
  /** Refused if all tests of one of these hold; left out: always. */
  readonly when?: readonly (readonly Test[])[];
  /** Refused unless all of these hold. */
  readonly unless?: readonly Test[];
}

const LOAD = 0x20;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_NOT_LESS = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;
const ENOSYS = 38;

/** Calls of the 32-bit-pointer ABI of x86_64 have this bit; they would pass by all rules. */
const X32_BIT = 0x40000000;

const AT_NUMBER = 0;
const AT_ARCHITECTURE = 4;
const atArgument = (index: number): number => 16 + index * 8;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The program as the bytes of `struct sock_filter[]`. A call has at most one rule. */
export function assembleFilter(rules: readonly Rule[], architecture: Architecture): Uint8Array {
  const program: Instruction[] = [
    [LOAD, 0, 0, AT_ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, architecture.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, AT_NUMBER],
    [JUMP_NOT_LESS, 0, 1, X32_BIT],
    [RETURN, 0, 0, KILL_PROCESS],
    [JUMP_GREATER, 0, 1, LAST_SYSCALL],
    [RETURN, 0, 0, ERRNO | ENOSYS],
  ];
  for (const rule of rules) {
    const body = judge(rule);
    for (const call of rule.calls) {
      const number = architecture.number(call);
      if (number !== undefined) program.push([JUMP_EQUAL, 0, body.length, number], ...body);
    }
  }
  program.push([RETURN, 0, 0, ALLOW]);
  return toBytes(program);
}

/** What decides over a call with this rule; nothing after it runs. */
function judge({ errno, when, unless }: Rule): readonly Instruction[] {
  const refuse: Instruction = [RETURN, 0, 0, ERRNO | errno];
  const allow: Instruction = [RETURN, 0, 0, ALLOW];
  if (unless) return [...all(unless, 1), allow, refuse];
  if (when) return [...when.flatMap((tests) => [...all(tests, 1), refuse]), allow];
  return [refuse];
}

/** Runs on behind its end when all tests hold; otherwise `skip` instructions further. */
function all(tests: readonly Test[], skip: number): readonly Instruction[] {
  let behind: Instruction[] = [];
  for (const test of tests.toReversed()) behind = [...one(test, behind.length + skip), ...behind];
  return behind;
}

function one(test: Test, toElse: number): readonly Instruction[] {
  const load: Instruction = [LOAD, 0, 0, atArgument(test.argument)];
  if ("hasBits" in test) return [load, [JUMP_ANY_BIT, 0, toElse, test.hasBits]];
  const mask: readonly Instruction[] = test.mask === undefined ? [] : [[AND, 0, 0, test.mask]];
  const compare = test.isIn.map((value, index): Instruction => {
    const left = test.isIn.length - 1 - index;
    return [JUMP_EQUAL, left, left === 0 ? toElse : 0, value];
  });
  return [load, ...mask, ...compare];
}

function toBytes(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, value >>> 0, true);
  }
  return bytes;
}
