/** Runs a program of the release; what it says is in the error when it fails. */

export async function run(
  argv: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
) {
  const child = Bun.spawn([...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${argv[0]} ended with exit code ${code}\n${err}${out}`);
  return out;
}
