Feature: Reports and panes of other programs

  Scenario: ccusage by session
    When I run "tracker ingest codex-ccusage --window W0-01 --scope session --stdin" with 51 sessions of 7372723263 tokens in all
    Then it prints "stored codex ccusage session summary for W0-01 (tokens=7372723263)"
    And the newest row of "codex_ccusage.jsonl" has
      | parsed.session_count | 51         |
      | parsed.total_tokens  | 7372723263 |
      | parsed.errors        | []         |

  Scenario: ccusage by day and by week, and the events of a proxy
    When I run "tracker ingest codex-ccusage --window W0-01 --scope daily --stdin" with the pane "ccusage-daily.json"
    Then the newest row of "codex_ccusage.jsonl" has
      | parsed.total_tokens | 123456                 |
      | parsed.percent_used | 12.5                   |
      | parsed.reset_at     | "2030-10-15T00:00:00Z" |
    When I run "tracker ingest codex-ccusage --window W0-01 --scope weekly --stdin" with:
      """
      {"currentWeek":{"startDate":"2030-10-13","endDate":"2030-10-19","percentUsed":9.2,"tokensUsed":987654321,"tokensRemaining":9747625689}}
      """
    Then the newest row of "codex_ccusage.jsonl" has
      | parsed.total_tokens | 987654321 |
      | parsed.percent_used | 9.2       |
    When I run "tracker ingest glm --window W0-01 --stdin" with the pane "glm-blocks.json"
    And I run "tracker ingest proxy-telemetry --window W0-01 --stdin" with the pane "proxy-events.jsonl"
    Then it prints "events=8, routed=50%"
    When I run "tracker complete --window W0-01 --glm-features 2"
    And I run "tracker preview --format text"
    Then it prints
      """
        - glm: features=2, capacity=118 prompts
        - routed=50% (events=8), latency=320 ms p50 / 537.00 ms p95, errors=12.5%
        - weekly: used=9.2%, tokens=987654321
      """

  Scenario: What is no JSON is named and costs nothing
    When I run "tracker ingest codex-ccusage --window W0-01 --scope session --stdin" with:
      """
      {"sessions": [
      """
    Then it exits with 1
    And the newest row of "codex_ccusage.jsonl" has
      | parsed.errors       | ["invalid-json"] |
      | parsed.total_tokens | null             |

  Scenario: The monitor of Claude's tokens
    When I run "tracker ingest claude-monitor --window W0-01 --stdin" with the pane "monitor.txt"
    Then it prints "stored claude monitor summary for W0-01 (usage=0%)"
    And the newest row of "claude_monitor.jsonl" has
      | parsed.token_usage_pct | 0      |
      | parsed.token_limit     | 153378 |
      | parsed.errors          | []     |

  Scenario Outline: Codex in the layout <layout>
    When I run "tracker ingest codex --window W0-01 --phase before --stdin" with the pane "<layout>"
    Then the newest row of "snapshots.jsonl" has
      | parsed.fiveh_pct     | <five>   |
      | parsed.weekly_pct    | <week>   |
      | parsed.weekly_resets | <resets> |
      | parsed.errors        | <errors> |

    Examples:
      | layout                | five | week | resets            | errors                |
      | codex-wide.txt        | 1    | 82   | "21:29 on 19 Oct" | []                    |
      | codex-narrow.txt      | 1    | 82   | "21:29 on 19 Oct" | []                    |
      | codex-very-narrow.txt | null | null | null              | ["insufficient-data"] |

  Scenario: Codex with a reset on another day
    When I run "tracker ingest codex --window W0-01 --phase before --stdin" with:
      """
      │  5h limit:         [░░░░░░░░░░░░░░░░░░░░] 1% used (resets 00:01 on 20 Oct)  |
      │  Weekly limit:     [████████████████░░░░] 82% used (resets 13:04 on 8 Oct) │
      """
    Then the newest row of "snapshots.jsonl" has
      | parsed.fiveh_resets  | "00:01 on 20 Oct" |
      | parsed.weekly_resets | "13:04 on 8 Oct"  |
      | parsed.errors        | []                |

  Scenario Outline: Claude in the layout <layout>
    When I run "tracker ingest claude --window W0-01 --phase before --stdin" with the pane "<layout>"
    Then the newest row of "snapshots.jsonl" has
      | parsed.session_pct       | <session> |
      | parsed.all_models_pct    | <week>    |
      | parsed.all_models_resets | <resets>  |
      | parsed.errors            | <errors>  |

    Examples:
      | layout               | session | week | resets                           | errors               |
      | claude-wide.txt      | 1       | 90   | "Oct 20, 1:59am (Europe/Berlin)" | []                   |
      | claude-narrow.txt    | 1       | 90   | "Oct 20, 2am (Europe/Berlin)"    | []                   |
      | claude-failed.txt    | null    | null | null                             | ["usage-not-loaded"] |
      | claude-dismissed.txt | null    | null | null                             | ["usage-not-loaded"] |
