import { on } from './implementer';
import type { Sweeps } from './sweeps';

/** Requests about whole sweeps. */
export function sweepHandlers(sweeps: Sweeps) {
  return {
    preview: on.sweeps.preview.handler(({ input }) => sweeps.preview(input)),
    create: on.sweeps.create.handler(({ input }) => sweeps.start(input)),
    list: on.sweeps.list.handler(() => sweeps.list()),
    get: on.sweeps.get.handler(({ input }) => sweeps.get(input.id)),
    pause: on.sweeps.pause.handler(({ input }) => ({ refused: sweeps.pause(input.id) })),
    resume: on.sweeps.resume.handler(({ input }) => sweeps.resume(input.id)),
    cancel: on.sweeps.cancel.handler(({ input }) => ({ refused: sweeps.cancel(input.id, input.force) })),
  };
}
