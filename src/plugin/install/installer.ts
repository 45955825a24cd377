/** Installs plugins into ALEPH_HOME/plugins and removes them from there; nothing of a plugin is run for that. */
import { mkdir, mkdtemp, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lookAtLink } from "../../lib/fingerprint.ts";
import type { Log } from "../../lib/log.ts";
import { createSerial } from "../../lib/serial.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Store } from "../../sdk/store.ts";
import type { Plugin } from "../plugin-entry.ts";
import type { Plugins } from "../plugins.ts";
import { Trust } from "../trust.ts";
import { checkPlugin, type PluginCheck } from "./check.ts";
import { INSTALL_LIMITS, type InstallLimits } from "./entry.ts";
import { exchange, recover, STAGING } from "./exchange.ts";
import { findRoot } from "./root.ts";
import { describeSource, fetchSource, parseSource, type SourceOptions } from "./sources.ts";

export interface InstallerOptions extends Omit<SourceOptions, "limits"> {
  /** ALEPH_HOME/plugins; made when it is needed. */
  readonly folder: string;
  readonly plugins: Pick<Plugins, "list" | "get" | "approve" | "forget" | "refresh">;
  readonly store: Store;
  /** Of Aleph. */
  readonly version: string;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly limits?: InstallLimits;
}

export interface InstallOptions {
  /** The identity that wants it. */
  readonly by: string;
  /** Lets it have what it asks for. */
  readonly accept: boolean;
  readonly signal: AbortSignal;
}

export interface Installed {
  readonly plugin: Plugin;
  /** What was there before. */
  readonly replaced: { readonly version: string | undefined; readonly source: string | undefined } | undefined;
}

export class Installer {
  readonly #o: InstallerOptions;
  readonly #trust: Trust;
  readonly #serial = createSerial();

  constructor(options: InstallerOptions) {
    this.#o = options;
    this.#trust = new Trust(options);
  }

  /**
   * The version that is there stays until the new one is found to be whole. Throws as `parseSource` and `fetchSource`,
   * `plugin_error` for what is no plugin that can work, and `conflict` when its id belongs to one elsewhere.
   */
  install(source: string, { by, accept, signal }: InstallOptions): Promise<Installed> {
    return this.#serial(async () => {
      const { folder, plugins, log, version, limits = INSTALL_LIMITS, ...options } = this.#o;
      const parsed = parseSource(source);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await recover(folder);
      const staging = await mkdtemp(join(folder, STAGING));
      try {
        const places = { folder: join(staging, "plugin"), scratch: join(staging, "scratch") };
        for (const place of Object.values(places)) await mkdir(place);
        await fetchSource(parsed, { ...options, ...places, limits }, signal);
        const root = await findRoot(places.folder);
        const checked = await checkPlugin(root, { version, withCode: false });
        refuseErrors(checked);
        const { id } = checked.manifest;
        const before = await this.#before(id);
        signal.throwIfAborted();
        const from = describeSource(parsed);
        const path = join(await realpath(folder), id);
        // Known before it is seen: what came this way waits for its owner, whatever it asks for.
        await this.#trust.decide(id, path, { installedFrom: from });
        await exchange(folder, id, root);
        await plugins.refresh();
        log.info("plugin installed", {
          plugin: id,
          version: checked.manifest.version,
          sha256: checked.sha256,
          source: from,
        });
        const plugin = accept ? await plugins.approve(id, { by, sha256: checked.sha256 }) : await plugins.get(id);
        return { plugin, replaced: before };
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    });
  }

  /** Removes its folder and all that is known of it. Throws `not_found`, and `conflict` for a plugin that lies elsewhere. */
  uninstall(id: string): Promise<void> {
    return this.#serial(async () => {
      const { folder, plugins, log } = this.#o;
      await recover(folder);
      const { path, source } = await plugins.get(id);
      if (source !== "user" || dirname(path) !== (await realpath(folder))) {
        const hint =
          source === "bundled" ? "It came with Aleph and can only be disabled" : "Remove its folder, or disable it";
        throw new AlephError("conflict", `Plugin "${id}" was not installed: it is in ${JSON.stringify(path)}`, {
          data: { hint: `${hint}: plugins.disable` },
        });
      }
      await plugins.forget(id);
      const gone = await mkdtemp(join(folder, STAGING));
      try {
        await rename(path, join(gone, "plugin"));
      } finally {
        await rm(gone, { recursive: true, force: true });
      }
      await plugins.refresh();
      log.info("plugin uninstalled", { plugin: id });
    });
  }

  /** The plugin whose place it takes. */
  async #before(id: string): Promise<Installed["replaced"]> {
    const { folder, plugins } = this.#o;
    const path = join(await realpath(folder), id);
    const all = await plugins.list();
    const owner = all.find((plugin) => plugin.id === id && plugin.path !== path);
    if (owner) {
      throw new AlephError("conflict", `Plugin id "${id}" belongs to the plugin in ${JSON.stringify(owner.path)}`, {
        data: { hint: "Remove that one first, or change the id of the new one" },
      });
    }
    const there = all.find((plugin) => plugin.path === path);
    if (!there) {
      if (lookAtLink(path) === undefined) return undefined;
      throw new AlephError("conflict", `${JSON.stringify(path)} is there already, and is no plugin`, {
        data: { hint: "Move it away first" },
      });
    }
    if (there.id !== id) {
      throw new AlephError("conflict", `The folder ${JSON.stringify(path)} belongs to plugin "${there.id}"`, {
        data: { hint: `Uninstall "${there.id}" first` },
      });
    }
    return { version: there.manifest?.version, source: there.decision?.installedFrom };
  }
}

function refuseErrors({ manifest, findings }: PluginCheck): void {
  const errors = findings.filter(({ level }) => level === "error");
  const [first] = errors;
  if (!first) return;
  throw new AlephError("plugin_error", `Plugin "${manifest.id}" cannot work: ${first.message}`, {
    data: {
      plugin: manifest.id,
      hint: "Nothing was installed",
      ...(errors.length > 1 ? { issues: errors.map(({ message }) => ({ path: "", message })) } : {}),
    },
  });
}
