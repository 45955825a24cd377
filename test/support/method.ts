/** Calling a method as a client does, with its answer held against what the method promises. */
import { expect } from "bun:test";
import type { Client, MethodName, Params, Result } from "../../src/client/client.ts";
import { methods } from "../../src/methods/index.ts";

export type CheckedCall = <M extends MethodName>(method: M, params: Params<M>) => Promise<Result<M>>;

/** Fails when an answer has more, less or other than the method's `result` says. */
export function checked(client: Client): CheckedCall {
  return async (method, params) => {
    const result = await client.call(method, params);
    const { result: schema } = await methods[method]();
    // Parsing leaves out what the schema does not name.
    expect<unknown>(schema.parse(result)).toEqual(result);
    return result;
  };
}
