Feature: A window from its first reading to what it bought

  Scenario: Two providers and GLM are read at both ends, finished and shown
    When I run "tracker ingest codex --window W0-01 --phase before --stdin" with Codex at 0 and 64 percent
    Then it prints "stored codex before snapshot for W0-01 (errors=[])"
    When I run "tracker ingest codex --window W0-01 --phase after --stdin" with Codex at 1 and 82 percent
    And I run "tracker ingest claude --window W0-01 --phase before --stdin" with Claude at 1 and 90 percent
    And I run "tracker ingest claude --window W0-01 --phase after --stdin" with Claude at 1 and 90 percent
    And I run "tracker ingest glm --window W0-01 --stdin" with the pane "glm-blocks.json"
    Then it prints "stored glm prompts for W0-01 (prompts=118)"
    When I run "tracker complete --window W0-01 --codex-features 3 --claude-features 3 --glm-features 4 --quality 0.9 --outcome pass"
    Then it prints "finalized window W0-01 with providers: claude, codex, glm"
    And the newest row of "windows.jsonl" has
      | providers.codex.delta.weekly_pct       | 18 |
      | providers.codex.delta.fiveh_pct        | 1  |
      | providers.claude.delta.all_models_pct  | 0  |
      | providers.glm.capacity                 | 118 |
    Given a commit "start" 1 day ago that leaves 1 line in "a.txt"
    When I run "tracker churn --window W0-01 --commit-start HEAD --commit-end HEAD --features 3" on the repository
    And I run "tracker preview --format text --window W0-01"
    Then it prints
      """
      Anomalies: 0
        - claude: features=3, capacity=0 pp, efficiency=n/a, ci=n/a, n=0, power=n/a
        - codex: features=3, capacity=18 pp, efficiency=0.17, ci=n/a, n=1, power=n/a
        - glm: features=4, capacity=118 prompts, efficiency=0.03, ci=n/a, n=1, power=n/a
      Outcome: quality=0.9, outcome=pass
      +0/-0 (net=0), per-feature=0.00
      """
    When I run "tracker window card --window W0-01 --evidence 1"
    Then it prints
      """
      W0-01: GO
      no anomalies
      Completeness: 5/5
      """

  Scenario: A window that was read at one end only is not finished
    When I run "tracker ingest codex --window W0-01 --phase before --stdin" with Codex at 0 and 64 percent
    And I run "tracker complete --window W0-01"
    Then it exits with 1
    And it complains "missing before/after snapshots for providers: codex"
    When I run "tracker window card --window W0-01"
    Then it prints "W0-01: NO-GO"

  Scenario: A bar that fell is an anomaly and no number
    When I run "tracker override codex --window W0-01 --phase before --weekly-pct 19"
    Then it prints "recorded manual codex before snapshot for W0-01"
    And the newest row of "snapshots.jsonl" has
      | parsed.weekly_pct | 19                  |
      | parsed.errors     | ["manual-override"] |
      | source            | "override"          |
    When I run "tracker override codex --window W0-01 --phase after --weekly-pct 10"
    And I run "tracker complete --window W0-01 --codex-features 1"
    Then the newest row of "windows.jsonl" has
      | providers.codex.delta.weekly_pct | null |
    And the newest row of "anomalies.jsonl" has
      | before | 19                        |
      | after  | 10                        |
      | notes  | "negative-delta-detected" |
