/** The one version: package.json's, put in at build time. */
import manifest from "../../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
