Feature: The warning learns from the vendor's meter, slowly and within bounds

  Scenario: It stands still below 20 samples, then moves once, one way
    Given a provider "anthropic" whose 5-hour meter begins at 0.06 and moves by 0.02 with each turn
    And a quota of 10000 tokens per 5 hours for "claude-haiku-4.5" on "anthropic"
    And the shim is running
    When 15 turns are sent for "claude-haiku-4-5"
    Then usage of "claude-haiku-4-5" has
      | warn_pct.cfg  | 0.8 |
      | warn_pct.auto | 0.8 |
    When 12 turns are sent for "claude-haiku-4-5"
    Then the warning of "claude-haiku-4-5" is lower than 0.8 and at least 0.5
    When 4 turns are sent for "claude-haiku-4-5"
    Then the warning of "claude-haiku-4-5" is not higher than before
