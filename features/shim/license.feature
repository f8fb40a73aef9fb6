Feature: A license opens the lanes that need one

  Scenario: An invited device is approved, its lane opens without a restart, and revocation closes it
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running without a configuration
    And an issuer with the invite "TEAM-2030"
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "license_block"
    When a login with the invite "TEAM-2030" begins
    And the license is looked at
    Then no license counts because "there is no license"
    When the login is approved
    Then the license counts with the feature "zai_offload"
    And lane "zai" becomes usable
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "zai" by decision "forced_model"
    When the license is revoked
    Then lane "zai" becomes unusable
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "license_block"
    And no license counts because "the license has been revoked"

  Scenario: A license that was changed is not installed, and the one in use stays
    Given an issuer with the invite "TEAM-2030"
    And a license of that issuer in use
    When that license is changed to plan "enterprise" and installed
    Then the command fails and says "the license's signature is not valid"
    And the license counts with the feature "zai_offload"
