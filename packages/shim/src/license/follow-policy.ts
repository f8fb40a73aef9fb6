import type { Settings } from '../config/settings.ts';
import { fetchPolicy } from './fetch-policy.ts';

/**
 * Fetches the policy now and then. The file it leaves is noticed like any other configuration; what can't be fetched
 * leaves the last good one in use.
 */
export function followPolicy(
  { policy, license }: Pick<Settings, 'policy' | 'license'>,
  logger: (level: 'warn' | 'info', message: string) => void,
  nowTs: () => number,
): () => void {
  const { url } = policy;
  if (url === null) return () => undefined;
  let stopped = false;
  const fetchOnce = async (): Promise<void> => {
    const fetched = await fetchPolicy({ ...policy, url }, license, nowTs());
    if (stopped) return;
    if (fetched.ok) logger('info', `policy ${fetched.policy.policy.version} (key ${fetched.policy.keyId}) is in use`);
    else logger('warn', `${fetched.reason}. What was in use stays in use.`);
  };
  void fetchOnce();
  const timer = setInterval(() => void fetchOnce(), policy.intervalMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
