/** The service managers, as `aleph service` speaks to them. */
import { AlephError } from "../protocol/errors.ts";
import type { ServiceDescription } from "./description.ts";
import { openLaunchd } from "./launchd.ts";
import { openSystemd } from "./systemd.ts";

export interface ServiceStatus {
  /** Whether the manager knows the service. */
  readonly installed: boolean;
  /** Whether it starts by itself. */
  readonly enabled: boolean;
  readonly running: boolean;
  /** In the manager's own word. */
  readonly state: string;
  readonly pid: number | null;
  /** The file that describes it. */
  readonly file: string | null;
}

export interface Installed {
  readonly file: string;
  /** What else a person may want to do, in sentences. */
  readonly hints: readonly string[];
}

export interface Uninstalled {
  readonly removed: string | null;
  /** What a package brought is the package's to remove. */
  readonly kept: string | null;
}

/** All throw `conflict` with what the manager says, and `not_found` where there is none. */
export interface ServiceManager {
  readonly name: "systemd" | "launchd";
  /** What shows what the server wrote: a command, or a file. */
  readonly log: string;
  /** Writes the description, starts the service, now and with the machine or the login. An older description is replaced. */
  install(description: ServiceDescription): Promise<Installed>;
  /** Stops it and takes the description away. The home stays. */
  uninstall(): Promise<Uninstalled>;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  status(): Promise<ServiceStatus>;
}

export interface Answer {
  readonly exitCode: number | null;
  readonly output: string;
}

export interface ManagerOptions {
  readonly platform: string;
  /** For the machine, not for the person. */
  readonly system: boolean;
  readonly userHome: string;
  /** Where the person's own configuration is: XDG_CONFIG_HOME, or `.config`. */
  readonly configHome: string;
  /** Of the home that the service will use. */
  readonly alephHome: string;
  readonly uid: number;
  /** In front of the paths of the system. */
  readonly root?: string;
  /** Throws `not_found` when there is no such program. */
  readonly run: (argv: readonly string[]) => Promise<Answer>;
  /** Between two questions. */
  readonly wait?: (ms: number) => Promise<void>;
}

export function openServiceManager(options: ManagerOptions): ServiceManager {
  const { platform, system, uid } = options;
  if (platform === "darwin") {
    if (system) {
      throw new AlephError("invalid_params", "On macOS there is only a service of your account", {
        data: {
          hint: "A daemon of the machine would run as root. Leave out --system, and let the account log in by itself",
        },
      });
    }
    return openLaunchd(options);
  }
  if (platform !== "linux") {
    throw new AlephError("not_found", "There is no service manager here that this command knows", {
      data: { hint: "Let the task scheduler run: aleph-server serve" },
    });
  }
  if (system && uid !== 0) {
    throw new AlephError("forbidden", "A service of the machine is root's to change", {
      data: { hint: "Run it with sudo, or leave out --system for a service of your account" },
    });
  }
  return openSystemd(options);
}
