import { expect, test } from "bun:test";
import { launchdPlist } from "../../src/service/launchd-plist.ts";

const program = ["/opt/homebrew/opt/aleph-server/bin/aleph-server"];

test("the agent starts with the login, and again after a crash alone", () => {
  const text = launchdPlist({ program, arguments: ["--port", "8080"] }, "/Users/p/.aleph");
  const words = [...text.matchAll(/<(key|string|integer|true|false)\/?>(?:([^<]*)<)?/g)].map(([, tag, value]) =>
    tag === "true" || tag === "false" ? tag : value,
  );
  expect(words).toEqual([
    "Label",
    "aleph-server",
    "ProgramArguments",
    program[0]!,
    "serve",
    "--port",
    "8080",
    "RunAtLoad",
    "true",
    "KeepAlive",
    "SuccessfulExit",
    "false",
    "ThrottleInterval",
    "10",
    "ExitTimeOut",
    "90",
    "Umask",
    "63",
    "StandardErrorPath",
    "/Users/p/.aleph/logs/service.log",
  ]);
});

test("the agent escapes what has a meaning in XML", () => {
  const text = launchdPlist({ program, arguments: [], home: "/a<b>&c" }, "/a<b>&c");
  expect(text).toContain("<key>ALEPH_HOME</key>\n    <string>/a&lt;b&gt;&amp;c</string>");
  expect(text).toContain("<string>/a&lt;b&gt;&amp;c/logs/service.log</string>");
});

const PYTHON = Bun.which("python3");

test.if(PYTHON !== null)("the agent is a property list as others read it", () => {
  const text = launchdPlist({ program, arguments: [], home: "/h" }, "/h");
  const read = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
  const { stdout } = Bun.spawnSync([PYTHON!, "-c", read], { stdin: Buffer.from(text) });
  expect(JSON.parse(stdout.toString())).toEqual({
    Label: "aleph-server",
    ProgramArguments: [...program, "serve"],
    EnvironmentVariables: { ALEPH_HOME: "/h" },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ExitTimeOut: 90,
    Umask: 63,
    StandardErrorPath: "/h/logs/service.log",
  });
});
