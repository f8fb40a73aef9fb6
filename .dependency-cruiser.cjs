// The import rule of ARCHITECTURE.md. A stage folder imports itself, contracts and the shared leaves; types may be
// imported from the left; nothing looks right; siblings never import each other's values.
const stages = ['config', 'license', 'http', 'route', 'quota', 'upstream', 'meter', 'store', 'surfaces', 'aggregate'];
const shim = '^packages/shim/src';
const leaves = [
  'exchange',
  'failure',
  'json-spans',
  'content-encoding',
  'sketch',
  'version',
  'replace-file',
  'steady-clock',
];

// Counted, each with its reason. Keep this list short.
const exceptions = {
  // Settings decide what is loopback; the listener asks the same question of the same function.
  http: ['config/settings'],
  // Surfaces word configuration problems the way the start-up does.
  surfaces: ['config/config-problem'],
  // The aggregator's books are another database behind the same door to the engine.
  aggregate: ['store/db/sqlite'],
};

const valueImports = stages.map((stage) => ({
  name: `shim-${stage}-imports-values-only-from-itself`,
  severity: 'error',
  from: { path: `${shim}/${stage}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: `${shim}/`,
    pathNot: [
      `${shim}/${stage}/`,
      `${shim}/(${leaves.join('|')})\\.ts$`,
      ...(exceptions[stage] ?? []).map((file) => `${shim}/${file}\\.ts$`),
    ],
    dependencyTypesNot: ['type-only'],
  },
}));

const tracker = '^packages/tracker/src';
const trackerLeaves = [
  'key-set',
  'problem',
  'printable',
  'reading',
  'text-hash',
  'turn-key',
  'version',
  'learned-lines/line-scanner',
  'learned-lines/text-hasher',
];
const trackerExceptions = {
  // The queue is a journal, written and read by the same hand as the others.
  uplink: ['events/append', 'events/journal-lock', 'events/lines', 'events/replace-file'],
};
const trackerImports = ['sources', 'events', 'rollups', 'views', 'uplink', 'server'].map((stage) => ({
  name: `tracker-${stage}-imports-values-only-from-itself`,
  severity: 'error',
  from: { path: `${tracker}/${stage}/`, pathNot: '\\.test\\.tsx?$' },
  to: {
    path: `${tracker}/`,
    pathNot: [
      `${tracker}/${stage}/`,
      `${tracker}/(${trackerLeaves.join('|')})\\.ts$`,
      ...(trackerExceptions[stage] ?? []).map((file) => `${tracker}/${file}\\.ts$`),
    ],
    dependencyTypesNot: ['type-only'],
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shim-and-tracker-are-strangers',
      comment: 'They meet over HTTP and in files, both described in contracts.',
      severity: 'error',
      from: { path: '^packages/(shim|tracker)/' },
      to: { path: '^packages/(shim|tracker)/', pathNot: '^packages/$1/' },
    },
    {
      name: 'contracts-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^packages/contracts/' },
      to: { path: '^packages/(shim|tracker|background)/' },
    },
    {
      name: 'background-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^packages/background/' },
      to: { path: '^packages/(shim|tracker|contracts)/' },
    },
    {
      name: 'contracts-and-background-only-through-their-doors',
      severity: 'error',
      from: { path: '^packages/(shim|tracker)/' },
      to: {
        path: '^packages/(contracts|background)/',
        pathNot: '^packages/(contracts|background)/(src|dist)/index\\.',
      },
    },
    {
      name: 'nobody-imports-the-composition-root',
      severity: 'error',
      from: {
        path: shim,
        pathNot: [`${shim}/(main|program|app|stages)\\.ts$`, `${shim}/(commands|testing)/`, '\\.test\\.ts$'],
      },
      to: { path: `${shim}/(main|program|app|stages)\\.ts$`, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-rooms-do-not-touch-the-world',
      comment: 'quota and route take time, files and randomness as arguments.',
      severity: 'error',
      from: { path: `${shim}/(quota|route)/`, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-simulator-stands-alone',
      severity: 'error',
      from: { path: `${shim}/simulator/`, pathNot: '\\.test\\.ts$' },
      to: { path: `${shim}/`, pathNot: `${shim}/simulator/` },
    },
    {
      name: 'the-product-does-not-need-the-simulator',
      severity: 'error',
      from: { path: `${shim}/`, pathNot: [`${shim}/(simulator|commands)/`, '\\.test\\.ts$', `${shim}/testing/`] },
      to: { path: `${shim}/simulator/` },
    },
    {
      name: 'the-product-does-not-need-the-issuer',
      comment: 'Whoever issues licenses runs it; a shim only verifies.',
      severity: 'error',
      from: { path: `${shim}/`, pathNot: [`${shim}/(issuer|commands|testing)/`, '\\.test\\.ts$'] },
      to: { path: `${shim}/issuer/` },
    },
    ...valueImports,
    {
      name: 'the-aggregator-is-a-role-of-its-own',
      comment: 'What relays requests never waits for what takes uploads; they share a program, not a process.',
      severity: 'error',
      from: { path: `${shim}/`, pathNot: [`${shim}/(aggregate|commands)/`, '\\.test\\.ts$', `${shim}/testing/`] },
      to: { path: `${shim}/aggregate/` },
    },
    ...trackerImports,
    {
      name: 'the-kernel-knows-lines-only',
      comment: 'Journals and logs both read with it: it knows neither of them, no file and no process.',
      severity: 'error',
      from: { path: `${tracker}/learned-lines/`, pathNot: '\\.test\\.ts$' },
      to: { pathNot: `${tracker}/learned-lines/` },
    },
    {
      name: 'only-the-uplink-leaves-the-machine',
      comment: 'sources/shim asks loopback addresses only, and checks that they are; nobody else opens a connection.',
      severity: 'error',
      from: {
        path: `${tracker}/`,
        pathNot: [`${tracker}/uplink/post\\.ts$`, '\\.test\\.tsx?$', `${tracker}/testing/`],
      },
      to: { dependencyTypes: ['core'], path: '^(node:)?(https|http2|tls|net|dgram|dns)(/|$)' },
    },
    {
      name: 'only-two-rooms-speak-http',
      severity: 'error',
      from: {
        path: `${tracker}/`,
        pathNot: [
          `${tracker}/uplink/post\\.ts$`,
          `${tracker}/sources/shim/`,
          `${tracker}/server/`,
          '\\.test\\.tsx?$',
          `${tracker}/testing/`,
        ],
      },
      to: { path: ['^(node:)?http$', 'node_modules/(undici|ws)/'] },
    },
    {
      name: 'the-page-runs-in-a-browser',
      comment: 'What the dashboard draws with knows no file and no process: its data comes from the page server.',
      severity: 'error',
      from: { path: `${tracker}/views/dashboard/` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'rollups-are-pure',
      severity: 'error',
      from: { path: `${tracker}/rollups/`, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['/dist/', 'artifacts/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.tests.json' },
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
};
