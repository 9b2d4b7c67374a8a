import type { OpenProblem, OwnProblem } from '@shared/ownProblem';
import { toBase64 } from '../../api/base64';
import { pathOfFile } from '../../api/filePath';
import type { Json } from '../../components/schemaForm/fields';

/** How a file that was chosen or dropped is named to the engine: by its path where that is known. */
export async function sourceOfFile(file: File): Promise<OpenProblem> {
  const path = pathOfFile(file);
  if (path !== null) return { kind: 'path', path };
  return { kind: 'bytes', name: file.name, base64: toBase64(new Uint8Array(await file.arrayBuffer())) };
}

export const sourceOfText = (text: string): OpenProblem => ({
  ...{ kind: 'bytes', name: 'pasted problem' },
  base64: toBase64(new TextEncoder().encode(text)),
});

/** The settings that a file begins with: what it has rows or samples for. What has its default is left out. */
export function settingsFor({ file, dims, samples }: OwnProblem): Json {
  const vary = samples.b === 0 && (samples.h > 0 || dims.e === 0) ? 'h' : 'b';
  const given = samples[vary];
  return {
    file,
    ...(vary === 'h' && { vary }),
    ...(given > 0 && { law: 'samples', instances: given }),
  };
}

/** Does this text hold one convex problem? Bilevel problems are JSON as well. */
export const isMatrixProblem = (text: string): boolean => /"format"\s*:\s*"matrix-problem\/1"/.test(text);
