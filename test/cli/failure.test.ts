import { expect, test } from "bun:test";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { unreachable, usageError, writeFailure } from "../../src/cli/failure.ts";
import { AlephError, ERRORS, type Reason } from "../../src/protocol/errors.ts";
import { testTerminal } from "../support/output.ts";

function failed(thrown: unknown, json = false) {
  const terminal = testTerminal();
  const code = writeFailure(terminal, thrown, { json });
  return { code, out: terminal.out.text, err: terminal.err.text };
}

const systemError = (code: string, path?: string) =>
  Object.assign(new Error(`${code}: it failed`), { code, ...(path ? { path } : {}) });

test("every reason has its exit code", () => {
  const codes = Object.keys(ERRORS).map(
    (reason) => [reason, failed(new AlephError(reason as Reason, "No")).code] as const,
  );
  const special = Object.fromEntries(codes.filter(([, code]) => code !== EXIT.failure));
  expect(special).toEqual({
    method_not_found: 2,
    invalid_params: 2,
    unauthenticated: 77,
    auth_failed: 77,
    pairing_required: 77,
    forbidden: 77,
    approval_denied: 77,
    sandbox_denied: 77,
    config_invalid: 78,
  });
});

test("a failure is one line what and one line what next", () => {
  expect(failed(usageError("No\x1b[2J such\nthing", "Do this"))).toEqual({
    code: 2,
    out: "",
    err: "Error: No\\x1b[2J such thing\nDo this\n",
  });
  expect(failed(unreachable("No server", "Start one"))).toEqual({
    code: 69,
    out: "",
    err: "Error: No server\nStart one\n",
  });
});

test("issues are listed with their lines, but one that the message tells is not said twice", () => {
  const issues = [
    { path: "gateway.port", message: "must be a number", line: 3 },
    { path: "", message: "is wrong" },
  ];
  expect(failed(new AlephError("config_invalid", "Not valid", { data: { issues } })).err).toBe(
    "Error: Not valid\n  is wrong\n  line 3, gateway.port: must be a number\n",
  );
  const one = { data: { issues: issues.slice(1) } };
  expect(failed(new AlephError("config_invalid", "It is wrong", one)).err).toBe("Error: It is wrong\n");
});

test("with json the failure is also a line for programs, without what is meant for the CLI", () => {
  expect(failed(unreachable("No\u009b", "Start"), true).out).toBe(
    '{"error":{"reason":"not_found","message":"No\\u009b","hint":"Start"}}\n',
  );
});

test.each([
  [systemError("EACCES", "/x"), 77, 'The system does not allow access to "/x"'],
  [systemError("EROFS", "/x"), 1, "File system is read-only"],
  [systemError("SQLITE_CORRUPT"), 1, "Database is corrupt"],
  [systemError("ENOENT", "/x"), 1, 'There is no file "/x"'],
  [systemError("ENOTDIR", "/x"), 1, 'Something else is in the way at "/x"'],
  [systemError("ENOSPC"), 1, "Disk is full"],
  [systemError("EMFILE"), 1, "Too many files are open"],
  [systemError("ENOSYS"), 1, "The system refused: ENOSYS: it failed"],
  [new TypeError("x is undefined"), 1, "Unexpected failure: x is undefined"],
  ["thrown", 1, "Unexpected failure: thrown"],
  [new SuppressedError(new Error("late"), new SuppressedError("later", systemError("ENOSPC"))), 1, "Disk is full"],
] as const)("%# is told without a stack", (thrown, code, message) => {
  const result = failed(thrown);
  expect({ code: result.code, first: result.err.split("\n")[0] }).toEqual({ code, first: `Error: ${message}` });
  expect(result.err).not.toContain("    at ");
});

test("a hint that names methods names their commands, and for programs stays as it is", () => {
  const hint = "runs.list shows those that exist; runs.none and docs.aleph.example are nothing of ours";
  const { err, out } = failed(new AlephError("not_found", "No run", { data: { hint } }), true);
  expect(err).toBe(`Error: No run\n${hint.replace("runs.list", "aleph runs list")}\n`);
  expect(JSON.parse(out)).toMatchObject({ error: { hint } });
});
