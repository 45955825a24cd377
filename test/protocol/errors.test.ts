import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { AlephError, ERRORS, fromRpcError, isReason, type Reason, toRpcError } from "../../src/protocol/errors.ts";

const REASONS = Object.keys(ERRORS) as Reason[];

describe("ERRORS", () => {
  test("each reason is a snake_case word with a number that JSON-RPC leaves to applications or reserves for it", () => {
    for (const reason of REASONS) {
      expect(reason).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      const { rpc, http } = ERRORS[reason];
      expect([-32700, -32600, -32601, -32602, -32603].includes(rpc) || (rpc <= -32001 && rpc >= -32010)).toBe(true);
      expect(http).toBeGreaterThanOrEqual(400);
      expect(http).toBeLessThan(600);
    }
  });
});

describe("AlephError", () => {
  test("holds its reason, data and cause, and is an Error with a stack", () => {
    const cause = new Error("disk");
    const error = new AlephError("storage_failed", "Not written", { cause, data: { hint: "Free some space" } });
    expect([error.name, error.message, error.reason, error.data, error.cause]).toEqual([
      "AlephError",
      "Not written",
      "storage_failed",
      { hint: "Free some space" },
      cause,
    ]);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain("Not written");
    expect("cause" in new AlephError("internal", "x")).toBe(false);
  });

  test("from: what a disk, a database or the kernel says of itself in words, a fault in a query as internal", () => {
    const codes = ["SQLITE_CORRUPT_VTAB", "SQLITE_IOERR_READ", "ENOSPC", "EROFS", "EMFILE", "SQLITE_ERROR", "ENOENT"];
    const told = codes.map((code) => {
      const thrown = Object.assign(new Error("x"), { code });
      const error = AlephError.from(thrown);
      expect(error.cause).toBe(thrown);
      return [error.reason, error.message, error.data];
    });
    const anew = "Move the file away to start anew, or restore a backup; nothing was changed";
    expect(told).toEqual([
      ["storage_failed", "Database is corrupt", { hint: anew }],
      [
        "storage_failed",
        "Disk reports an error",
        { hint: "Look after the disk and start Aleph again; what was acknowledged before is kept" },
      ],
      ["storage_failed", "Disk is full", { hint: "Free some space; what was acknowledged is safe" }],
      [
        "storage_failed",
        "File system is read-only",
        { hint: "Make it writable again, or use another folder with --home" },
      ],
      [
        "overloaded",
        "Too many files are open",
        { hint: "Try again; if it stays so, raise the limit of open files of the server (ulimit -n, LimitNOFILE)" },
      ],
      ["internal", "Internal error", {}],
      ["internal", "Internal error", {}],
    ]);
  });

  test("from: one of ours as it is, all else as internal with its cause", () => {
    const own = new AlephError("timeout", "Too late");
    expect(AlephError.from(own)).toBe(own);
    for (const thrown of [new TypeError("x"), "text", undefined, null, { reason: "forbidden" }]) {
      const error = AlephError.from(thrown);
      expect([error.reason, error.message, error.data]).toEqual(["internal", "Internal error", {}]);
      expect(error.cause).toBe(thrown as never);
    }
  });
});

describe("on the wire", () => {
  test("an error that went out and came in goes out the same", () => {
    const data = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(fc.constantFrom(...REASONS), fc.string(), data, (reason, message, more) => {
        const sent = JSON.parse(
          JSON.stringify(toRpcError(new AlephError(reason, message, { data: more, cause: "kept back" }))),
        );
        const got = fromRpcError(sent);
        expect([got.reason, got.message]).toEqual([reason, message]);
        expect(JSON.parse(JSON.stringify(toRpcError(got)))).toEqual(sent);
      }),
    );
  });

  test("data cannot change the reason, and neither cause nor stack goes out", () => {
    const error = new AlephError("forbidden", "No", {
      cause: new Error("path /root"),
      data: { reason: "not_found", scope: "admin" },
    });
    expect(toRpcError(error)).toEqual({ code: -32002, message: "No", data: { scope: "admin", reason: "forbidden" } });
  });

  test("secrets that a message or its data quote are masked", () => {
    const token = `aleph_own_${"x".repeat(43)}`;
    const error = new AlephError("provider_error", `Key ${token} is wrong`, { data: { hint: token, token: "short" } });
    expect(toRpcError(error)).toEqual({
      code: -32006,
      message: "Key [masked] is wrong",
      data: { hint: "[masked]", token: "[masked]", reason: "provider_error" },
    });
  });

  test.each([
    [undefined],
    [null],
    ["text"],
    [5],
    [[]],
    [{}],
    [{ reason: 5 }],
    [{ reason: "unheard_of" }],
    [{ reason: "constructor" }],
    [{ reason: "__proto__" }],
  ])("an error whose data is %j is internal", (data) => {
    const error = fromRpcError({ code: -32000, message: "Odd", data });
    expect([error.reason, error.message, toRpcError(error).code]).toEqual(["internal", "Odd", -32603]);
  });
});

test("isReason: the words of the table and no others", () => {
  expect(REASONS.every(isReason)).toBe(true);
  expect(["", "constructor", "toString", "Forbidden"].filter(isReason)).toEqual([]);
});
