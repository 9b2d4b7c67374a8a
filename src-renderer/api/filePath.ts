/** Where a file that was chosen or dropped lies on this machine; null in a browser, which does not tell. */
export function pathOfFile(file: File): string | null {
  const path = window.adjoint?.pathOfFile(file) ?? '';
  return path === '' ? null : path;
}
