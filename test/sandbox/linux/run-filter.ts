/** Runs a seccomp filter as the kernel would: classic BPF over `struct seccomp_data`. */

export interface Called {
  readonly audit: number;
  readonly number: number;
  readonly args?: readonly number[];
}

/** `allow`, `kill`, or the error number that the caller gets. */
export function runFilter(program: Uint8Array, { audit, number, args = [] }: Called): "allow" | "kill" | number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, audit, true);
  for (const [index, value] of args.entries()) data.setBigInt64(16 + index * 8, BigInt(value), true);
  let accumulator = 0;
  for (let at = 0; at < program.byteLength / 8; at++) {
    const operation = code.getUint16(at * 8, true);
    const [ifTrue, ifFalse] = [code.getUint8(at * 8 + 2), code.getUint8(at * 8 + 3)];
    const value = code.getUint32(at * 8 + 4, true);
    const jump = (condition: boolean) => {
      at += condition ? ifTrue : ifFalse;
    };
    if (operation === 0x20) accumulator = data.getUint32(value, true);
    else if (operation === 0x54) accumulator = (accumulator & value) >>> 0;
    else if (operation === 0x15) jump(accumulator === value);
    else if (operation === 0x25) jump(accumulator > value);
    else if (operation === 0x35) jump(accumulator >= value);
    else if (operation === 0x45) jump((accumulator & value) !== 0);
    else if (operation === 0x06) {
      if (value === 0x7fff0000) return "allow";
      return value === 0x80000000 ? "kill" : value & 0xffff;
    } else throw new Error(`No such operation: ${operation}`);
  }
  throw new Error("The filter has no end");
}
