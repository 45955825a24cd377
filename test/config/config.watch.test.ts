import { describe, expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import type { Issue } from "../../src/protocol/errors.ts";
import { configHome } from "../support/config.ts";
import { until } from "../support/until.ts";

const SOON = { debounceMs: 1, checkMs: 20 };

describe("ConfigStore.watch", () => {
  test("follows writes, atomic replacements and removal", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    const heard: string[][] = [];
    store.onChange((sections) => heard.push(sections));
    await using _watch = store.watch(SOON);
    own.write("[gateway]\nport = 2\n");
    await until(() => store.current.gateway.port === 2);
    for (let port = 3; port < 6; port++) {
      writeFileSync(`${own.home.config}.tmp`, `[gateway]\nport = ${port}\n`);
      renameSync(`${own.home.config}.tmp`, own.home.config);
      await until(() => store.current.gateway.port === port);
    }
    rmSync(own.home.config);
    await until(() => store.current.gateway.port === 18790);
    expect(heard).toEqual([["gateway"], ["gateway"], ["gateway"], ["gateway"], ["gateway"]]);
    expect(own.logged.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("an invalid file keeps the old config and is told once, until it is mended", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    const before = store.current;
    const told: (readonly Issue[])[] = [];
    await using _watch = store.watch({ ...SOON, onInvalid: (issues) => told.push(issues) });
    own.write("[gateway]\nport = 2\nprot = 3\n");
    await until(() => told.length === 1);
    own.write("[gateway]\nport = 3\nprot = 3\n");
    own.write("# \n[gateway]\nport = 3\nprot = 3\n");
    await until(() => told.length === 2);
    expect(told).toEqual([
      [{ path: "gateway.prot", message: 'unknown key; did you mean "port"', line: 3 }],
      [{ path: "gateway.prot", message: 'unknown key; did you mean "port"', line: 4 }],
    ]);
    expect(store.current).toBe(before);
    own.write("[gateway]\nport = 4\n");
    await until(() => store.current.gateway.port === 4);
    own.write("[gateway]\nport = 2\nprot = 3\n");
    await until(() => told.length === 3);
    expect(own.logged.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "warn config not reloaded, the old one stays",
      "warn config not reloaded, the old one stays",
      "info config reloaded",
      "warn config not reloaded, the old one stays",
    ]);
  });

  test("what the store wrote itself is no second change", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    const heard: string[][] = [];
    store.onChange((sections) => heard.push(sections));
    await using _watch = store.watch(SOON);
    await store.patch({ gateway: { port: 2 } });
    // The next change that comes from outside is heard after whatever the first one stirred up.
    own.write("[gateway]\nport = 2\n[log]\nlevel = 'warn'\n");
    await until(() => store.current.log.level === "warn");
    expect(heard).toEqual([["gateway"], ["log"]]);
  });

  test("ends when it is disposed", async () => {
    await using own = await configHome("[gateway]\nport = 1\n");
    const store = await own.open();
    await store.watch(SOON)[Symbol.asyncDispose]();
    own.write("[gateway]\nport = 2\n");
    await using other = await configHome("[gateway]\nport = 1\n");
    const control = await other.open();
    await using _watch = control.watch(SOON);
    other.write("[gateway]\nport = 2\n");
    await until(() => control.current.gateway.port === 2);
    expect(store.current.gateway.port).toBe(1);
  });
});

test("ConfigStore.current: each reader sees one whole version, however reloads, patches and broken files race", async () => {
  const version = (n: number) =>
    `[gateway]\nport = ${n}\n[limits.rate]\nread = ${n}\n[limits.run]\nsteps = ${n}\n[models.aliases]\nv = "${n}"\n`;
  const step = fc.record({
    kind: fc.constantFrom("file", "patch", "broken", "reload", "read"),
    n: fc.integer({ min: 1, max: 60_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 4, maxLength: 16 }), async (scheduler, steps) => {
      await using own = await configHome(version(1));
      const store = await own.open();
      const seen: unknown[] = [];
      const look = () => {
        const { current } = store;
        const { gateway, limits, models } = current;
        seen.push(new Set([gateway.port, limits.rate.read, limits.run.steps, Number(models.aliases.v)]).size);
        return current;
      };
      store.onChange(look);
      const work = steps.map(({ kind, n }) =>
        scheduler.schedule(Promise.resolve(), kind).then(async () => {
          const before = look();
          const copy = structuredClone(before);
          if (kind === "file") own.write(version(n));
          if (kind === "broken") own.write(`${version(n)}[gateway]\n`);
          if (kind === "file" || kind === "broken" || kind === "reload") await store.reload().catch(() => undefined);
          if (kind === "patch") {
            const patch = {
              gateway: { port: n },
              limits: { rate: { read: n }, run: { steps: n } },
              models: { aliases: { v: String(n) } },
            };
            await store.patch(patch).catch(() => undefined);
          }
          look();
          // A version that a reader holds on to does not change under it.
          expect(before).toEqual(copy);
        }),
      );
      await scheduler.waitAll();
      await Promise.all(work);
      expect(new Set(seen)).toEqual(new Set([1]));
    }),
    { numRuns: 60 },
  );
}, 60_000);
