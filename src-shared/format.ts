/** Numbers and durations as tables, axes and terminals show them. Full precision stays with the data. */

/** Four significant digits; scientific below 1e-3 and from 1e5. */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return '–';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e5 ? value.toExponential(digits - 1) : trimmed(value, digits);
  return text.replace('e+', 'e').replace(/^-/, '−').replace('e-', 'e−');
}

function trimmed(value: number, digits: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toPrecision(digits);
}

/** An index as mathematics writes it: 12 → ₁₂. */
export const subscript = (n: number): string => [...String(n)].map((digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)]).join('');

/** Settings are round numbers that people typed: 1e-4 and not 1.000e−4. */
export function formatShort(value: number): string {
  const short = Number(value.toPrecision(4));
  if (short !== value) return formatNumber(value);
  const plain = String(value);
  const scientific = value.toExponential().replace('e+', 'e');
  return (Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? scientific : plain).replace(/-/g, '−');
}

/** 4.2 s · 38 s · 3 min 05 s · 1 h 04 min · 2 d 3 h */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (n: number) => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  let size = bytes;
  while (size >= 1000 && i < units.length - 1) {
    size /= 1000;
    i++;
  }
  return `${i === 0 ? size : size.toPrecision(3)} ${units[i]}`;
}
