/** A Homebrew tap: its one formula, which takes the archive of each platform by its sum. */
import { join } from "node:path";
import type { TargetName } from "../bundle.ts";
import { archiveName, type Release, sha256Of } from "./release.ts";

const PLATFORMS: readonly { readonly on: string; readonly cpu: string; readonly target: TargetName }[] = [
  { on: "macos", cpu: "arm", target: "darwin-arm64" },
  { on: "macos", cpu: "intel", target: "darwin-x64" },
  { on: "linux", cpu: "arm", target: "linux-arm64" },
  { on: "linux", cpu: "intel", target: "linux-x64" },
];

/** The archives are in the folder already. Platforms that were not built are left out. */
export async function makeFormula(release: Release): Promise<string> {
  const { version, url, folder, executables } = release;
  const built = PLATFORMS.filter(({ target }) => executables[target]);
  const systems: string[] = [];
  for (const system of ["macos", "linux"]) {
    const parts: string[] = [];
    for (const { cpu, target } of built.filter(({ on }) => on === system)) {
      const file = `${archiveName(release, target)}.tar.gz`;
      parts.push(`    on_${cpu} do
      url "${url}${file}"
      sha256 "${await sha256Of(join(folder, file))}"
    end
`);
    }
    if (parts.length > 0) systems.push(`  on_${system} do\n${parts.join("\n")}  end\n`);
  }
  const path = "homebrew-aleph/Formula/aleph-server.rb";
  await Bun.write(
    join(folder, path),
    `class AlephServer < Formula
  desc "Personal AI assistant that you host yourself, in one executable"
  homepage "${url}"
  version "${version}"
  license "Apache-2.0"

${systems.join("\n")}
  def install
    bin.install "aleph-server"
    bin.install_symlink "aleph-server" => "aleph"
    man1.install Dir["share/man/man1/*"]
    bash_completion.install "share/bash-completion/completions/aleph"
    zsh_completion.install "share/zsh/site-functions/_aleph"
    fish_completion.install "share/fish/vendor_completions.d/aleph.fish"
  end

  service do
    run [opt_bin/"aleph-server", "serve"]
    keep_alive true
    log_path var/"log/aleph-server.log"
    error_log_path var/"log/aleph-server.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/aleph-server version")
  end
end
`,
  );
  return path;
}
