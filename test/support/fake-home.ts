/** A home whose config names a fake as its only provider. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestFolder, testFolder } from "./folder.ts";
import type { ProviderFake } from "./providers/fake.ts";

/** `model` is what answers by default. */
export async function fakeHome(fake: ProviderFake, { more = "", model = "m" } = {}): Promise<TestFolder> {
  const folder = await testFolder();
  mkdirSync(folder.path, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(folder.path, "config.toml"),
    `[models]\ndefault = "fake/${model}"\n\n[providers.fake]\ntype = "openai-compatible"\nbase_url = "${fake.url}"\napi_key = "k"\nmodels = ["m", "n"]\n${more}`,
    { mode: 0o600 },
  );
  return folder;
}
