import type { ReadonlySignal } from '@preact/signals';

const CELLS = 20;
const FLOOR_DB = -54;
const LOUD_CELL = 14;
const TOO_LOUD_CELL = 18;

/** How many of the cells a level lights: even steps of loudness from -54 dB up to full scale. */
export function litCells(rms: number): number {
  if (rms <= 0) return 0;
  const share = 1 - (20 * Math.log10(rms)) / FLOOR_DB;
  return Math.round(Math.max(0, Math.min(1, share)) * CELLS);
}

function look(cell: number, lit: number): string {
  if (cell >= lit) return '';
  if (cell >= TOO_LOUD_CELL) return 'hot';
  return cell >= LOUD_CELL ? 'warm' : 'on';
}

interface Props {
  label: string;
  level: ReadonlySignal<number>;
  muted?: boolean;
}

export function Meter({ label, level, muted = false }: Props) {
  const lit = muted ? 0 : litCells(level.value);
  return (
    // biome-ignore lint/a11y/useSemanticElements: the native meter cannot be drawn in cells
    <div
      class="meter"
      role="meter"
      aria-label={`${label} level`}
      aria-valuemin={0}
      aria-valuemax={CELLS}
      aria-valuenow={lit}
      aria-valuetext={muted ? 'muted' : undefined}
    >
      <span class="meter-label">{label}</span>
      {muted ? (
        <span class="meter-muted" aria-hidden="true">
          muted
        </span>
      ) : (
        <span class="meter-cells" aria-hidden="true">
          {Array.from({ length: CELLS }, (_, cell) => (
            <i key={cell} class={look(cell, lit)} />
          ))}
        </span>
      )}
    </div>
  );
}
