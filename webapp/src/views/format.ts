/** Numbers as people read them. */

/** 161000 -> "2:41", from an hour on "1:02:41". */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const shown = hours > 0 ? [hours, pair(minutes)] : [minutes];
  return [...shown, pair(seconds % 60)].join(':');
}

function pair(digits: number): string {
  return String(digits).padStart(2, '0');
}

/** 1140 -> "1.14 s"; below a second whole milliseconds. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function median(values: number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
