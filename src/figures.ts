// How numbers read in the terminal and in reports: grouped thousands, short seconds, percents, sizes.

/** 12,345 */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 1.23 G, 45.6 M; three significant digits. */
export function magnitude(value: number): string {
  const units = ['', ' K', ' M', ' G', ' T', ' P', ' E'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(scaled)) : scaled.toPrecision(3)}${units[unit]}`;
}

/** 0.42 s, 12.3 s, 4 min 05 s */
export function seconds(value: number): string {
  if (value < 10) return `${value.toFixed(2)} s`;
  if (value < 99.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** 62.5% */
export function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}

/** 1.5 MiB */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${Number.isInteger(scaled) ? scaled : scaled.toFixed(1)} ${units[unit]}`;
}
