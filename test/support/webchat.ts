/** Waiting for the interface that runs shortly after a start. */
import type { Client } from "../../src/client/client.ts";
import { until } from "./until.ts";

export async function webchatRuns(client: Client): Promise<void> {
  await until(async () => (await client.call("interface.status", { interface: "webchat" })).state === "running");
}
