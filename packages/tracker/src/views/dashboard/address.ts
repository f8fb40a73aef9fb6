/** What is looked at. It lives in the address, so that a view can be kept and shared. */
export interface View {
  readonly range: string;
  readonly since: string | null;
  readonly until: string | null;
  readonly provider: string | null;
  readonly window: string | null;
  readonly theme: 'auto' | 'light' | 'dark';
}

const RANGE = '24h';

export function viewIn(search: string): View {
  const query = new URLSearchParams(search);
  const theme = query.get('theme');
  return {
    range: query.get('range') ?? RANGE,
    since: query.get('since'),
    until: query.get('until'),
    provider: query.get('provider'),
    window: query.get('window'),
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
  };
}

export function searchOf({ range, since, until, provider, window, theme }: View): string {
  const query = new URLSearchParams();
  if (since !== null) query.set('since', since);
  if (until !== null) query.set('until', until);
  if (since === null && range !== RANGE) query.set('range', range);
  if (provider !== null) query.set('provider', provider);
  if (window !== null) query.set('window', window);
  if (theme !== 'auto') query.set('theme', theme);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The part of the address the history depends on. */
export function historyQuery({ theme: _theme, ...view }: View): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) if (value !== null) query.set(name, value);
  return query.toString();
}
