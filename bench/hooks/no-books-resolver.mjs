// Metering, ledger, recording and feedback are replaced by stubs that do nothing.
const STUBS = {
  '/dist/store/recorder.js': 'recorder.mjs',
  '/dist/quota/quotas.js': 'quotas.mjs',
  '/dist/meter/body-meter.js': 'body-meter.mjs',
  '/dist/feedback.js': 'feedback.mjs',
};

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const stub = Object.entries(STUBS).find(([path]) => found.url.endsWith(path))?.[1];
  return stub === undefined ? found : { ...found, url: new URL(`../stubs/${stub}`, import.meta.url).href };
}
