Feature: Short names for metering windows one after the other

  Scenario: Start, cross and end move from window to window
    When I run "tracker alias start codex --stdin" with Codex at 0 and 64 percent
    Then it prints "stored codex before snapshot for W0-01 (awaiting end)"
    When I run "tracker alias cross codex --stdin" with Codex at 1 and 82 percent
    Then it prints
      """
      stored codex after snapshot for W0-01 (ready to finalize)
      seeded before snapshot for W0-02
      """
    When I run "tracker alias end codex --stdin" with Codex at 3 and 85 percent
    Then it prints "stored codex after snapshot for W0-02 (ready to finalize)"
    And the state of "codex" is "W0-02" after "after"
    When I run "tracker complete --window W0-02 --codex-features 1"
    Then the newest row of "windows.jsonl" has
      | providers.codex.delta.weekly_pct | 3 |

  Scenario: A reading is taken back: the newest, and the second from the end before and after
    When I run "tracker alias start codex --stdin" with Codex at 0 and 10 percent
    And I run "tracker alias cross codex --stdin" with Codex at 1 and 12 percent
    And I run "tracker alias end codex --stdin" with Codex at 2 and 15 percent
    And I run "tracker alias delete codex --phase after --index 2"
    Then it prints "removed codex after snapshot for W0-01"
    When I run "tracker alias delete codex --phase before --index 2"
    Then it prints "removed codex before snapshot for W0-01"
    When I run "tracker alias delete codex"
    Then it prints "removed codex after snapshot for W0-02"
    And 3 readings of "after" are taken back
    And the state of "codex" is "W0-02" after "before"
    When I run "tracker verify"
    Then it exits with 0

  Scenario: A wrong start is undone and done again
    When I run "tracker alias start codex --stdin" with Codex at 0 and 10 percent
    And I run "tracker alias end codex --stdin" with Codex at 9 and 99 percent
    And I run "tracker alias delete codex"
    And I run "tracker alias end codex --stdin" with Codex at 1 and 12 percent
    And I run "tracker complete --window W0-01 --codex-features 1"
    Then the newest row of "windows.jsonl" has
      | providers.codex.delta.weekly_pct | 2 |

  Scenario: Agents side by side each have windows of their own
    Given I am the agent "a"
    When I run "tracker alias start codex --window A-1 --stdin" with Codex at 0 and 10 percent
    Given I am the agent "b"
    When I run "tracker alias start codex --window B-7 --stdin" with Codex at 0 and 10 percent
    Given I am the agent "a"
    When I run "tracker alias cross codex --stdin" with Codex at 1 and 12 percent
    Then it prints "seeded before snapshot for A-2"
    And the state of "b/codex" is "B-7" after "before"
    Given I am the agent "b"
    When I run "tracker alias end codex --stdin" with Codex at 2 and 13 percent
    Then it prints "stored codex after snapshot for B-7 (ready to finalize)"
    And the state of "a/codex" is "A-2" after "before"

  Scenario: GLM counts prompts from start to end
    When I run "tracker alias end glm --stdin" with 30 prompts of GLM
    Then it exits with 1
    When I run "tracker alias start glm --stdin" with 12 prompts of GLM
    Then it prints "stored glm baseline for W0-01"
    When I run "tracker alias end glm --stdin" with 30 prompts of GLM
    Then the newest row of "glm_counts.jsonl" has
      | window       | "W0-01" |
      | prompts_used | 18      |

  Scenario: Of several panes in one paste the last counts
    When I run "tracker alias start codex --stdin" with a paste of Codex at 5 and 9, then at 0 and 10 percent
    Then the newest row of "snapshots.jsonl" has
      | parsed.fiveh_pct  | 0                      |
      | parsed.weekly_pct | 10                     |
      | parsed.errors     | ["multi-pane-trimmed"] |

  Scenario: A script meters both ends and the monitor
    When I run "tracker alias start codex --source automation --stdin" with Codex at 4 and 8 percent
    And I run "tracker alias end codex --source automation --stdin" with Codex at 11 and 9 percent
    Then the newest row of "snapshots.jsonl" has
      | phase             | "after"      |
      | parsed.fiveh_pct  | 11           |
      | parsed.weekly_pct | 9            |
      | source            | "automation" |
    When I run "tracker ingest claude-monitor --window W0-01 --stdin" with the pane "monitor.txt"
    Then "claude_monitor.jsonl" holds 1 row of kind "claude_monitor"
