/** The pages about the server itself; they come together when the first of them is opened. */
import type { AdministrationPageName } from "../state/administration.ts";
import { AgentsPage } from "./agents.tsx";
import { ConfigPage } from "./config.tsx";
import { DoctorPage } from "./doctor.tsx";
import { LogsPage } from "./logs.tsx";
import { ModelsPage } from "./models.tsx";
import { NodesPage } from "./nodes.tsx";

const PAGES = {
  models: ModelsPage,
  agents: AgentsPage,
  nodes: NodesPage,
  logs: LogsPage,
  config: ConfigPage,
  doctor: DoctorPage,
} as const;

export function AdministrationPage({ page }: { page: AdministrationPageName }) {
  const Page = PAGES[page];
  return <Page />;
}
