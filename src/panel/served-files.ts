/** What the server hands out of the panel and the widget, each loaded when it is first asked for. */
import type { loadPanel } from "./assets.ts";

export type ServedFiles = ReturnType<typeof servedFiles>;

export function servedFiles() {
  let panel: ReturnType<typeof loadPanel> | undefined;
  return {
    panel: () => (panel ??= import("./assets.ts").then((assets) => assets.loadPanel())),
    widget: () => import("./widget/script.ts").then(({ widgetFile }) => widgetFile),
  };
}
