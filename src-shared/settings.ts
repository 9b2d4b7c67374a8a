export type Setting = string | number | boolean | null;

/**
 * Settings by path: `{ optimizer: { learningRate: .001 }, hidden: [200, 200] }` becomes
 * `{ 'optimizer.learningRate': .001, hidden: '200, 200' }`. Lists of groups are taken apart by position; what is undefined is left out.
 */
export function flattenSettings(value: object): Record<string, Setting> {
  const flat: Record<string, Setting> = {};
  const visit = (path: string, entry: unknown) => {
    if (entry === undefined) return;
    if (entry === null || typeof entry !== 'object') flat[path] = entry as Setting;
    else if (Array.isArray(entry) && entry.every((item) => typeof item !== 'object')) flat[path] = entry.join(', ');
    else for (const [key, child] of Object.entries(entry)) visit(path === '' ? key : `${path}.${key}`, child);
  };
  visit('', value);
  return flat;
}
