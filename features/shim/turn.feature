Feature: A turn is routed, metered and counted

  Scenario: Tokens are counted from the stream
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    Then the client gets status 200
    And the turn went through lane "anthropic" by decision "pass_through"
    And usage of "claude-sonnet-4-5" shows 120 input and 30 output tokens

  Scenario: A rejected turn is answered by the next lane, once
    Given a provider "anthropic" that rejects with "five_hour"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And the turn went through lane "zai" by decision "quota_overshoot"
    And usage of "claude-haiku-4-5" counts 1 fallbacks and an output speed above zero
