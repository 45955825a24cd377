/** A server with commands in the background, each of which a person lets run. */
import { type TestApp, testApp } from "./app.ts";

export interface JobsApp extends TestApp {
  /** The id of its job. */
  begin(command: string, session_key?: string): Promise<string>;
}

export async function jobsApp(): Promise<JobsApp> {
  const app = await testApp();
  const { client } = app;
  await client.subscribe("approval.requested", ({ data }) => {
    const { approval_id } = data as { approval_id: string };
    void client.call("approvals.resolve", { approval_id, decision: "once" });
  });
  return {
    ...app,
    async begin(command, session_key = "agent:main:main") {
      const args = { command, background: true };
      const { result } = await client.call("tool.call", { tool: "exec", args, session_key });
      const id = /job_\w+/.exec(result)?.[0];
      if (id === undefined) throw new Error(`No job began: ${result}`);
      return id;
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}
