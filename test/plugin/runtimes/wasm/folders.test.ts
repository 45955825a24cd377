import { expect, test } from "bun:test";
import { grantedFolders } from "../../../../src/plugin/runtimes/wasm/folders.ts";

test("folders have the name that the manifest gives them, or their path; a writable one is there once", () => {
  const permissions = {
    network: [],
    env: [],
    filesystem: ["read:./data", "write:./out/put/", "read:~/notes", "read:/srv/shared"],
  };
  const read = ["/run/copy/data", "/home/a/notes", "/srv/shared", "/plugins/a/out/put"];
  expect(grantedFolders({ permissions }, { read, write: ["/plugins/a/out/put"] })).toEqual([
    { name: "/out/put", path: "/plugins/a/out/put", writable: true },
    { name: "/data", path: "/run/copy/data", writable: false },
    { name: "/home/a/notes", path: "/home/a/notes", writable: false },
    { name: "/srv/shared", path: "/srv/shared", writable: false },
  ]);
});
