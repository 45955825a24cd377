/**
 * What the engine of a confined process reserves at once: for machine code, for its heap and for the shapes of objects.
 * Without these figures it is gigabytes, or as much as the limit lets it, and all of it counts as the process's memory
 * (RLIMIT_DATA): what remains can then be gone by chance while its threads start, and it aborts.
 */
export const ENGINE_ENV = {
  BUN_JSC_jitMemoryReservationSize: String(64 * 1024 * 1024),
  MIMALLOC_ARENA_RESERVE: "64MiB",
  // The least that it starts with.
  BUN_JSC_structureHeapSizeInKB: String(64 * 1024),
} as const;
