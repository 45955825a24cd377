/** The longest time that a timer keeps: one that is told a longer one ends at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
