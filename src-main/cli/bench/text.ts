/** An option that counts something: a whole number from 1 on. */
export const positive = (text: string): number => Math.max(1, Math.floor(Number(text)) || 1);

export const ms = (seconds: number): string => `${(1000 * seconds).toFixed(2)} ms`;
