import { bilevelFamilyForms } from '../bilevel/familyForms';
import { jsonSchema } from '../modelling/method';
import { on } from './implementer';
import type { Previewer } from './previewer';

export function bilevelHandlers({ previewer }: { previewer: Previewer }) {
  const { bilevel } = on;
  return {
    families: bilevel.families.handler(() =>
      bilevelFamilyForms.map(({ settings, presets, ...words }) => ({
        ...words,
        ...{ settings: jsonSchema(settings), presets: [...presets] },
      })),
    ),
    preview: bilevel.preview.handler(({ input, signal }) =>
      previewer.run({ kind: 'bilevel', source: input.source }, input.key && `bilevel ${input.key}`, signal),
    ),
    landscape: bilevel.landscape.handler(({ input, signal }) => {
      const task = { kind: 'landscape' as const, input, source: input.source };
      return previewer.stream(task, input.key && `landscape ${input.key}`, signal);
    }),
  };
}
