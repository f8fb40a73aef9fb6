Feature: From an invite to an upload, and closed again

  Scenario: One license opens a lane of the shim and the tracker's way out, and its revocation closes both
    Given an aggregator with a key for "telemetry_full" and "telemetry_minimized"
    And a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running without a configuration
    And an issuer with the invite "TEAM-2030" for "zai_offload,telemetry_minimized"
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "license_block"
    When a login with the invite "TEAM-2030" begins
    And the login is approved
    Then lane "zai" becomes usable
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "zai" by decision "forced_model"
    Given the tier is "minimized"
    When a session of 1 feature on 0.25 capacity is kept
    Then the aggregator has 0 events and 1 summary
    And the newest summary there is what "tracker privacy preview" would have shown
    When the license is revoked
    Then lane "zai" becomes unusable
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "license_block"
    When I run "tracker upload"
    Then it exits with 1
    And it complains "the license has been revoked"
    And the aggregator has 0 events and 1 summary
