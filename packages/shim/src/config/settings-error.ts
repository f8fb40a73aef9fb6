/** A setting that can't be used; the message names where it was set and the remedy. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}
