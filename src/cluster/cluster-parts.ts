/** The center as the rest of the server holds it: made when the first node comes or somebody asks for one. */
import { once } from "../lib/once.ts";
import type { Center, CenterOptions } from "./center.ts";

export class ClusterParts implements Disposable {
  #made: Center | undefined;
  /** The same each time. */
  readonly center: () => Promise<Center>;

  constructor(options: CenterOptions) {
    this.center = once(async () => {
      const { Center } = await import("./center.ts");
      this.#made = new Center(options);
      return this.#made;
    });
  }

  /** A credential is worth nothing any more; if it was that of a node, the node is gone. */
  revoked(credential: string): void {
    const [kind, id = ""] = credential.split(" ");
    if (kind === "device") this.#made?.forget(id);
  }

  [Symbol.dispose](): void {
    this.#made?.[Symbol.dispose]();
  }
}
