import { expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { declaredNames } from "../../src/plugin/declared-names.ts";
import { testFolder } from "../support/folder.ts";
import { writePlugin } from "../support/plugins.ts";

const manifest = (id: string) => `[plugin]
id = "${id}"
name = "${id}"
version = "1.0.0"
description = "For tests"
kind = "nodejs"
entry = "index.js"

[[channels]]
name = "${id}-chat"
description = "Chat"
connect_handler = "a"
disconnect_handler = "b"
send_handler = "c"

[[providers]]
name = "${id}-models"
description = "Models"
list_models_handler = "a"
chat_handler = "b"
`;

test("declaredNames finds the channels and providers of plugins, in folders that need no trust and in Aleph", async () => {
  await using folder = await testFolder();
  const [user, project] = [join(folder.path, "user"), join(folder.path, "project")];
  await writePlugin(user, "a", { manifest: manifest("a") });
  await writePlugin(user, "static", {});
  await writePlugin(project, "b", { manifest: manifest("b") });
  await mkdir(join(folder.path, "elsewhere"));
  await symlink(join(project, "b"), join(user, "link"));
  const roots = [
    { source: "user" as const, path: user, needsTrust: false },
    { source: "system" as const, path: join(folder.path, "none"), needsTrust: false },
    { source: "project" as const, path: project, needsTrust: true },
  ];
  const base64 = Buffer.from(manifest("c")).toString("base64");
  const carried = { c: { "aleph_plugin.toml": base64, "index.js": "" } };
  expect(await declaredNames(roots, carried)).toEqual({
    channels: ["a-chat", "c-chat"],
    providers: ["a-models", "c-models"],
  });
});

test("declaredNames knows nothing when a manifest cannot be read", async () => {
  await using folder = await testFolder();
  await writePlugin(folder.path, "a", { manifest: manifest("a") });
  await writePlugin(folder.path, "broken", { manifest: "[plugin" });
  expect(await declaredNames([{ source: "user", path: folder.path, needsTrust: false }], {})).toBeUndefined();
});
