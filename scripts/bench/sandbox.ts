/** What it costs to start a program confined, beside starting it bare. */
import { landlockMethod } from "../../src/sandbox/linux/landlock-method.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { median, ms, type Programs, type Row } from "./bench.ts";

const STARTS = 31;
const BAR_MS = 25;
const PROGRAM = ["/bin/true"];

/** Nothing where the kernel has no Landlock. */
export async function measureSandbox({ aleph }: Programs): Promise<readonly Row[]> {
  const sandbox = createSandbox({
    program: { argv: [aleph], bun: aleph, sources: [] },
    methods: (program) => [landlockMethod(program)],
  });
  if (process.platform !== "linux" || (await sandbox.report()).level !== "kernel") return [];
  const bare: number[] = [];
  const confined: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    bare.push(await time(startBare));
    confined.push(
      await time(async () => {
        await using child = await sandbox.start({
          argv: PROGRAM,
          cwd: "/",
          env: {},
          confinement: {
            read: [],
            write: [],
            execute: [],
            processes: 1,
            network: "none",
            memoryBytes: 1 << 30,
            fileBytes: 1 << 20,
            openFiles: 64,
          },
        });
        await child.exited;
      }),
    );
  }
  const more = median(confined) - median(bare);
  return [
    {
      name: `sandboxed \`true\`, from start to end, median of ${STARTS}`,
      aleph: ms(median(confined)),
      baseline: `${ms(median(bare))} unconfined`,
      bar: { text: `≤ ${BAR_MS} ms more`, value: ms(more), holds: more <= BAR_MS },
    },
  ];
}

async function startBare(): Promise<void> {
  const child = Bun.spawn(PROGRAM, { env: {}, stdio: ["pipe", "pipe", "pipe"], detached: true });
  await child.exited;
}

async function time(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
