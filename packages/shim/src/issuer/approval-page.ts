import type { PendingDevice } from './issuer-state.ts';

/** The page a person decides on. Without scripts; nothing of it comes from elsewhere. */
export function approvalPage(code: string, pending: PendingDevice | null, notice: string): string {
  const body =
    pending === null || pending.status !== 'pending'
      ? `<form><label>Code <input name="code" value="${escaped(code)}" autocomplete="off"></label> <button>Look</button></form>`
      : `<table>
<tr><th>Code<td>${escaped(pending.user_code)}
<tr><th>For<td>${escaped(pending.sub)}
<tr><th>Plan<td>${escaped(pending.plan)}
<tr><th>Features<td>${escaped(pending.features.join(', '))}
<tr><th>Until<td>${new Date(pending.exp * 1000).toISOString()}
<tr><th>Device<td>${escaped(pending.device ?? 'any')}
</table>
<p>Approve only what you have been asked for, and only when the code is the one the device shows.</p>
<form method="post"><input type="hidden" name="code" value="${escaped(pending.user_code)}">
<label>Approval key <input type="password" name="key" autocomplete="off" required></label>
<button name="decision" value="approve">Approve</button> <button name="decision" value="deny">Deny</button></form>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>License for a device</title><h1>License for a device</h1>${notice === '' ? '' : `<p role="status"><b>${escaped(notice)}</b></p>`}${body}</html>
`;
}

/** The redirect after the decision goes to the device's own loopback address, which `form-action` has to allow. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; form-action 'self' http://127.0.0.1:* http://[::1]:*; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
