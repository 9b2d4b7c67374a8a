import { isMap, parse, parseDocument } from 'yaml';
import { AdjointError } from '@shared/errors';

/**
 * Applies `--set key=value` to an experiment file's text; comments and order stay, values are read as YAML.
 * @throws AdjointError `bad-request` for what is not key=value or leads through something that is no mapping.
 */
export function applySettings(yaml: string, settings: readonly string[]): string {
  if (settings.length === 0) return yaml;
  const document = parseDocument(yaml);
  if (document.errors.length > 0) return yaml; // reported, with its line, when the experiment is checked
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    const path = setting.slice(0, Math.max(0, equals)).split('.');
    if (equals < 1 || path.some((part) => part === ''))
      throw new AdjointError('bad-request', `"--set ${setting}" is not key=value.`, {
        fix: 'Write it like --set optimizer.learningRate=1e-4.',
      });
    for (let depth = 1; depth < path.length; depth++) {
      const parent = document.getIn(path.slice(0, depth), true);
      if (parent !== undefined && !isMap(parent))
        throw new AdjointError(
          'bad-request',
          `"${path.slice(0, depth).join('.')}" is a value, not a group of settings.`,
          {
            where: `--set ${setting}`,
            fix: `Set it as a whole: --set '${path.slice(0, depth).join('.')}={ … }'.`,
          },
        );
    }
    document.setIn(path, document.createNode(valueOf(setting, setting.slice(equals + 1))));
  }
  return document.toString();
}

function valueOf(setting: string, text: string): unknown {
  try {
    return parse(text, { prettyErrors: false });
  } catch (error) {
    throw new AdjointError('bad-request', `The value of "--set ${setting}" is not YAML: ${(error as Error).message}.`, {
      fix: "Close its brackets and quotes, and quote it for the shell: --set 'network.hidden=[64, 64]'.",
      cause: error,
    });
  }
}
