Feature: Configuration is found, taken up while running, and never lost to a mistake

  Scenario: A quota that was raised unblocks, a broken file changes nothing and is told
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And ".config/ccp/providers.yaml" holds
      """
      providers: { anthropic: { base_url: <anthropic>, pass_through: true } }
      routes: [{ pattern: '*', provider: anthropic }]
      """
    And ".config/ccp/quotas.json" holds
      """
      {"models": {"claude-haiku-4.5": {"provider": "anthropic", "rolling_tokens": 140}}}
      """
    And the shim is running on its own files
    When 2 turns are sent for "claude-haiku-4-5"
    Then the client gets status 429
    When ".config/ccp/quotas.json" is changed to
      """
      {"models": {"claude-haiku-4.5": {"rolling_tokens": "many"}}}
      """
    And the quotas are reloaded
    Then the client gets status 400
    And readyz is 503 and says
      """
      quotas.json
      """
    When a turn is sent for "claude-haiku-4-5"
    Then the client gets status 429
    When ".config/ccp/quotas.json" is changed to
      """
      {"models": {"claude-haiku-4.5": {"provider": "anthropic", "rolling_tokens": 100000}}}
      """
    And the quotas are reloaded
    Then the client gets status 204
    And readyz is 200
    When a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200

  Scenario: The last good catalogue stays in use while the file is wrong
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And ".config/ccp/providers.yaml" holds
      """
      providers: { anthropic: { base_url: <anthropic>, pass_through: true } }
      routes: [{ pattern: '*', provider: anthropic }]
      """
    And the shim is running on its own files
    When ".config/ccp/providers.yaml" is changed to
      """
      providers: { anthropic: { base_url: 7 } }
      """
    Then readyz is 503 and says
      """
      providers.yaml
      """
    When a turn is sent for "claude-sonnet-4-5"
    Then the client gets status 200
    When ".config/ccp/providers.yaml" is changed to
      """
      providers: { other: { base_url: <anthropic>, pass_through: true } }
      routes: [{ pattern: '*', provider: other }]
      """
    Then readyz is 200
    And turns for "claude-sonnet-4-5" soon go through lane "other" by decision "pass_through"

  Scenario: The file named by the environment comes before the user's, the user's before what is built in
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And ".config/ccp/providers.yaml" holds
      """
      providers: { users: { base_url: <anthropic>, pass_through: true } }
      routes: [{ pattern: '*', provider: users }]
      """
    And "CCP_UPSTREAM_ANTH" is set to "http://127.0.0.1:9"
    And the shim is running on its own files
    When a turn is sent for "claude-sonnet-4-5"
    Then the turn went through lane "users" by decision "pass_through"
    Given "named.yaml" holds
      """
      providers: { named: { base_url: <anthropic>, pass_through: true } }
      routes: [{ pattern: '*', provider: named }]
      """
    And "CCP_PROVIDERS_FILE" is set to "named.yaml" at home
    When the shim is started again
    And a turn is sent for "claude-sonnet-4-5"
    Then the turn went through lane "named" by decision "pass_through"
    And readyz tells the version that the command prints
