Feature: The tracker reads what older programs left

  Scenario: A snapshot and one log line tell how the models are served
    Given an archive with the usage snapshot "r35-two-models"
    And its log holds a finished turn for "claude-haiku-4.5"
    When I run "tracker backfill --ccp-root archive --output summary.json --usage-json usage.json"
    Then it exits with 0
    And "summary.json" has the models and values of that snapshot
    And "windows.jsonl" holds 1 row of kind "turn"

  Scenario: A second run adds nothing
    Given an archive with the logs of the original program
    When I run "tracker backfill --ccp-root archive"
    Then it exits with 0
    And it prints "6 added"
    And it complains "no JSON at column 1"
    When I run "tracker backfill --ccp-root archive"
    Then it prints "0 added, 6 known"
    And "windows.jsonl" holds 6 rows of kind "turn"
    When I run "tracker verify"
    Then it exits with 0
    And it prints "clean"

  Scenario: What was polled is known when the shim's own log and database are read
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And a turn is sent for "glm-4.6"
    And the shim has written 2 turns
    And I run "tracker poll --once"
    And the shim is killed and started again
    And I run "tracker backfill --ccp-root .local/state/ccp"
    Then it exits with 0
    And it prints "2 turns in 2 files"
    And it prints "0 added, 2 known"
    And "windows.jsonl" holds 2 rows of kind "turn"
    And "glm_counts.jsonl" holds 1 row of kind "glm_turn"

  Scenario: Nothing to use
    When I run "tracker backfill --ccp-root nowhere"
    Then it exits with 1
    And it complains "there is no folder nowhere"
