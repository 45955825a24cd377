/** What the tools for commands need, in a workspace of its own. */
import { createCommandPolicy } from "../../src/policy/command-policy.ts";
import { createFiles } from "../../src/sandbox/files.ts";
import { type JobLimits, Jobs } from "../../src/sandbox/jobs.ts";
import { exec } from "../../src/tools/exec/exec.ts";
import { processTool } from "../../src/tools/process/process.ts";
import { type TestLauncherOptions, testExecConfig, testLauncher } from "./launcher.ts";
import { testLog } from "./log.ts";
import { callTool, prepareCall } from "./tool-call.ts";
import { testWorkspace } from "./workspace.ts";

export async function testCommands(
  options: Partial<TestLauncherOptions> & { readonly jobLimits?: Partial<JobLimits> } = {},
) {
  const workspace = await testWorkspace();
  const config = () => ({ exec: testExecConfig(options) });
  const launcher = testLauncher({ ...workspace, ...options });
  const jobs = new Jobs({ launcher, now: Date.now, log: testLog().log, limits: options.jobLimits ?? {} });
  const needs = {
    files: createFiles({ home: workspace.home }),
    commands: createCommandPolicy({ guarded: workspace.site.guarded, config }),
    launcher,
    jobs,
    config,
  };
  return {
    ...workspace,
    needs,
    jobs,
    prepare: (input: object) => prepareCall(exec, needs, input, workspace.context()),
    call: (input: object) => callTool(exec, needs, input, workspace.context()),
    prepareProcess: (input: object) => prepareCall(processTool, needs, input, workspace.context()),
    process: (input: object) => callTool(processTool, needs, input, workspace.context()),
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
    },
  };
}
