Feature: The tracker reads the shim

  Scenario: A snapshot is kept
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And I run "tracker poll --once"
    Then it exits with 0
    And "windows.jsonl" holds 1 row of kind "ccc_snapshot"

  Scenario: The preview shows what the shim counted
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And I run "tracker preview --once --width 100"
    Then it exits with 0
    And it prints "claude-sonnet-4-5"

  Scenario: No shim to read
    When I run "tracker poll --once --ccp-url http://127.0.0.1:9"
    Then it exits with 1
    And it complains "127.0.0.1:9"
