Feature: A provider's no is remembered, and nothing is forgotten

  Scenario: A rejected lane is left alone until its window resets
    Given a provider "anthropic" that rejects with "five_hour"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And the turn went through lane "zai" by decision "quota_cooldown"
    And "claude-haiku-4-5" rests after "five_hour"
    And the provider "anthropic" was asked 1 time

  Scenario: The week of one model does not take the others along
    Given a provider "anthropic" that rejects "claude-opus*" with "weekly_model" and answers the others
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-opus-4-1"
    And a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "pass_through"

  Scenario: A killed shim knows its quotas when it is back
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a quota of 140 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And its row is in the database
    And the shim is killed and started again
    And a turn is sent for "claude-haiku-4-5"
    Then the client gets status 429
    And usage of "claude-haiku-4-5" shows 120 input and 30 output tokens

  Scenario: A rest outlives a kill
    Given a provider "anthropic" that rejects with "five_hour"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And its row is in the database
    And the shim is killed and started again
    And a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "zai" by decision "quota_cooldown"
    And the provider "anthropic" was asked 1 time

  Scenario: Preemptive leaves at the warning
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And a quota of 750 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the reroute mode is "preemptive"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "zai" by decision "quota_preemptive_warn"

  Scenario: The provider decides in run2cap
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And a quota of 140 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the reroute mode is "run2cap"
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "quota_run_to_limit"

  Scenario: Why a turn went where it went
    Given a provider "anthropic" that rejects with "five_hour"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    And its row is in the database
    And the turn is explained and decided again
    Then the explanation names "anthropic" and "zai" and says that the replay is the same

  Scenario: Hybrid goes on at the warning and stays within the cap
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And a quota of 750 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the reroute mode is "hybrid"
    And the shim is running
    When 5 turns are sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "quota_warn_attempt"
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "zai" by decision "quota_block"
