/**
 * What the engine of a confined process reserves at once, for machine code and for its heap. Without these figures it is far
 * more, all of which counts as the process's memory: where the rest is gone by chance while its threads start, it aborts.
 */
export const ENGINE_ENV = {
  BUN_JSC_jitMemoryReservationSize: String(64 * 1024 * 1024),
  MIMALLOC_ARENA_RESERVE: "64MiB",
} as const;
