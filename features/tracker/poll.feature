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

  Scenario: Every turn is kept once, however often the shim is read
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And a turn is sent for "glm-4.6"
    And the shim has written 2 turns
    And I run "tracker poll --once"
    And I run "tracker poll --once"
    Then "windows.jsonl" holds 2 rows of kind "turn"
    And "glm_counts.jsonl" holds 1 row of kind "glm_turn"
    When I run "tracker report session"
    Then it exits with 0
    And it prints "240"
    When I run "tracker verify"
    Then it exits with 0
    And it prints "clean"

  Scenario: A shim killed in between costs no turn
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And the shim has written 1 turns
    And I run "tracker poll --once"
    And the shim is killed and started again
    And a turn is sent for "claude-sonnet-4-5"
    And the shim has written 2 turns
    And I run "tracker poll --once"
    Then "windows.jsonl" holds 2 rows of kind "turn"

  Scenario: A shim that asks for its key is read with it
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim asks for a key
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    And the shim has written 1 turns
    And I run "tracker poll --once"
    Then it exits with 0
    And "windows.jsonl" holds 1 row of kind "turn"
    When the key file is lost
    And I run "tracker poll --once"
    Then it exits with 1
    And it complains "Correct CCP_API_KEY_FILE"
