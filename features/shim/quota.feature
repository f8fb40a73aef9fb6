Feature: A quota holds

  Scenario: A spent quota blocks when there is no other lane
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a quota of 140 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5-20251001"
    And a turn is sent for "claude-haiku-4-5-20251001"
    Then the client gets status 429
    And the client is told not to retry before the quota clears

  Scenario: A spent quota sends the turn elsewhere when there is another lane
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And a quota of 140 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And the turn went through lane "zai" by decision "quota_block"

  Scenario: Hours are shown and never block
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a weekly quota of 1 hours for "claude-haiku-4.5" on "anthropic"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And "claude-haiku-4-5" is not blocked
