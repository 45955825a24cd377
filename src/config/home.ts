/** ALEPH_HOME: where everything of a person's Aleph is, and what is where in it. */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export interface Home {
  readonly path: string;
  readonly config: string;
  readonly database: string;
  readonly credentials: string;
  readonly workspaces: string;
  readonly media: string;
  readonly plugins: string;
  readonly skills: string;
  /** Markdown files that name agents. */
  readonly agents: string;
  readonly protocols: string;
  readonly logs: string;
  readonly run: string;
}

/** The paths below `path`; makes none of them. */
export function homeAt(path: string, config = join(path, "config.toml")): Home {
  return {
    path,
    config,
    database: join(path, "aleph.db"),
    credentials: join(path, "credentials"),
    workspaces: join(path, "workspaces"),
    media: join(path, "media"),
    plugins: join(path, "plugins"),
    skills: join(path, "skills"),
    agents: join(path, "agents"),
    protocols: join(path, "protocols"),
    logs: join(path, "logs"),
    run: join(path, "run"),
  };
}

/** Makes the folders that a start needs, readable by the owner alone. Throws the system's error when it cannot. */
export function ensureHome(home: Home): void {
  mkdirSync(home.path, { recursive: true, mode: 0o700 });
  if (process.platform !== "win32") chmodSync(home.path, 0o700);
  for (const folder of [home.credentials, home.workspaces, home.media, home.logs, home.run]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}
