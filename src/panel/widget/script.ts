/** The widget as the server hands it out: bundled by the build, or in a checkout when it is first asked for. */
import { buildWidget } from "../../../scripts/widget-script.ts" with { type: "macro" };

const bytes = new TextEncoder().encode(buildWidget()).buffer;

export const widgetFile = {
  bytes,
  type: "text/javascript;charset=utf-8",
  /** Quoted, as HTTP wants it. */
  etag: `"${Bun.hash(bytes).toString(36)}"`,
};
