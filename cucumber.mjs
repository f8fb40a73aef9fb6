// A file or folder on the command line narrows the run to it; without one every feature runs.
const named = process.argv.slice(2).some((argument) => /^features\b|\.feature(?::\d+)*$/u.test(argument));

export default {
  ...(named ? {} : { paths: ['features/**/*.feature'] }),
  import: ['features/support/**/*.ts', 'features/steps/**/*.ts'],
  // Each scenario has a HOME, processes and ports of its own.
  parallel: 2,
  publishQuiet: true,
  strict: true,
};
