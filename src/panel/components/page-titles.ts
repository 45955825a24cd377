/** What each page is called. */
import type { StringKey } from "../i18n/languages.ts";
import type { PageName } from "../state/router.ts";

export const PAGE_TITLES: Readonly<Record<PageName, StringKey>> = {
  approvals: "approvals.title",
  plugins: "plugins.title",
  skills: "skills.title",
  mcp: "mcp.title",
  channels: "channels.title",
  schedules: "schedules.title",
  memory: "memory.title",
  usage: "usage.title",
  devices: "access.title",
  settings: "settings.title",
  setup: "setup.title",
  models: "providers.title",
  agents: "agents.title",
  nodes: "nodes.title",
  logs: "logs.title",
  config: "config.title",
  doctor: "doctor.title",
};
