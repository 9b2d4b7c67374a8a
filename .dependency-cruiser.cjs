// The layers of src-main, top to bottom. A module may import from its own layer and from layers below it.
const layers = [
  'electron',
  'cli',
  'host',
  'engine',
  'studies',
  'jobs',
  ['experiments', 'diagnostics'],
  ['training', 'bilevel'],
  'layers',
  'solvers',
  'modelling',
  ['store', 'numerics'],
];

const upward = [];
layers.forEach((layer, i) => {
  const here = [layer].flat();
  const above = layers.slice(0, i).flat();
  for (const name of here) {
    const forbidden = [...above, ...here.filter((other) => other !== name)];
    if (forbidden.length)
      upward.push({
        name: `layer-${name}`,
        comment: `src-main/${name} may import only from itself and from the layers below it (docs/architecture.md).`,
        severity: 'error',
        from: { path: `^src-main/${name}/` },
        to: { path: `^src-main/(${forbidden.join('|')})/` },
      });
  }
});

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'engine-spawns-jobs',
      comment: 'The engine starts run processes, it never loads their code.',
      severity: 'error',
      from: { path: '^src-main/(electron|cli|host|engine|studies)/' },
      to: { path: '^src-main/jobs/' },
    },
    {
      name: 'shell-is-thin',
      comment: "Electron's main and preload are built for Node 16: only src-shared and Electron.",
      severity: 'error',
      from: { path: '^src-main/electron/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src-main/(?!electron/)' },
    },
    {
      name: 'electron-only-in-electron',
      comment: 'Everything but src-main/electron and the end-to-end tests is plain Node.',
      severity: 'error',
      from: { pathNot: '^(src-main/electron/|e2e/|scripts/|electron\\.vite\\.config)' },
      to: { path: '(^electron$|node_modules/electron/)' },
    },
    {
      name: 'renderer-imports-shared-only',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-main/' },
    },
    {
      name: 'shared-stands-alone',
      severity: 'error',
      from: { path: '^src-shared/' },
      to: { path: '^src-(main|renderer)/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(@tensorflow/tfjs-node|virtual:)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^out/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.mjs', '.js', '.vue', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
