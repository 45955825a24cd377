/** The plugins that came with Aleph; in the executable they are part of it. */
import { readPlugins } from "../../../scripts/carried-plugins.ts" with { type: "macro" };

export const carried = readPlugins();
