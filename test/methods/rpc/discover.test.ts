import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { checked } from "../../support/method.ts";

test("rpc.discover describes what connect lists, and itself", async () => {
  await using app = await testApp();
  const document = (await checked(app.client)("rpc.discover", {})) as {
    openrpc: string;
    methods: { name: string }[];
    "x-events": { topic: string }[];
  };
  expect(document.openrpc).toBe("1.3.2");
  expect(document.methods.map(({ name }) => name)).toEqual(app.client.hello.features.methods);
  expect(document["x-events"].map(({ topic }) => topic).toSorted()).toEqual(
    app.client.hello.features.events.toSorted(),
  );
});
