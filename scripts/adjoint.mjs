// The adjoint command from a checkout: builds what is stale, then becomes the bundle.
import { ensureBuilt } from './ensureBuilt.mjs';

ensureBuilt({ shell: false });
await import('../out/node/adjoint.mjs');
