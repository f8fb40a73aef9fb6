// A workflow file of GitHub Actions, read as far as a runner reads it.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What is wrong with its form; empty: a runner would take it. */
export function problemsOf(workflow) {
  const problems = [];
  if (typeof workflow?.name !== 'string') problems.push('there is no name');
  // YAML 1.1 would read a bare `on` as true; runners do not.
  if (workflow?.on === undefined) problems.push('nothing says on what it runs');
  const jobs = Object.entries(workflow?.jobs ?? {});
  if (jobs.length === 0) problems.push('there are no jobs');
  for (const [id, job] of jobs) {
    if (typeof job['runs-on'] !== 'string') problems.push(`job ${id} does not say where it runs`);
    if (!(job['timeout-minutes'] > 0)) problems.push(`job ${id} has no time limit`);
    if (!Array.isArray(job.steps) || job.steps.length === 0) problems.push(`job ${id} has no steps`);
    for (const [index, step] of (job.steps ?? []).entries()) {
      const where = `job ${id}, step ${index + 1}`;
      if ((step.uses === undefined) === (step.run === undefined))
        problems.push(`${where} needs either uses or run, and not both`);
      if (step.uses !== undefined && !/^[\w.-]+\/[\w./-]+@[\w.-]+$/u.test(step.uses))
        problems.push(`${where}: ${step.uses} names no action with a version`);
      if (step.run !== undefined && typeof step.run !== 'string') problems.push(`${where}: run is no text`);
      if (/\$\{\{/u.test(step.run ?? ''))
        problems.push(`${where}: an expression inside run can be made to run anything`);
    }
  }
  return problems;
}

export function readWorkflow(file) {
  return parse(readFileSync(file, 'utf8'));
}
