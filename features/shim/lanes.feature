Feature: Which lane a turn takes, and with whose credential

  Scenario: The client's credential goes to Anthropic only, a lane's key to that lane only
    Given a provider "anthropic" that rejects with "five_hour"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And the provider "anthropic" saw these credentials
      | x-api-key | the-clients-own |
    And the provider "zai" saw these credentials
      | x-api-key | key-of-zai |

  Scenario: A lane takes its key as a bearer token, and a client without a credential gets the one of the shim
    Given a provider "anthropic" that rejects with "five_hour"
    And the lane "anthropic" falls back to the credential in "ANTHROPIC_AUTH_TOKEN"
    And "ANTHROPIC_AUTH_TOKEN" is set to "token-of-the-shim"
    And a provider "zai" that answers with 120 input and 30 output tokens
    And the lane "zai" takes its key as "authorization"
    And a client without a credential of its own
    And the shim is running
    When a turn is sent for "claude-haiku-4-5"
    Then the client gets status 200
    And the provider "anthropic" saw these credentials
      | authorization | Bearer token-of-the-shim |
    And the provider "zai" saw these credentials
      | authorization | Bearer key-of-zai |

  Scenario: Paused, every turn goes to the pass-through lane
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And "OFFLOAD_PAUSED" is set to "1"
    And ".config/ccp/providers.yaml" holds
      """
      providers:
        anthropic: { base_url: <anthropic>, pass_through: true }
        zai: { base_url: <zai> }
      routes:
        - { pattern: '*haiku*', provider: zai }
        - { pattern: '*', provider: anthropic }
      """
    And the shim is running on its own files
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "failover_paused"
    And the provider "zai" was asked 0 times

  Scenario: A model named by hand decides the lane of every turn until it is taken back
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And ".config/ccp/providers.yaml" holds
      """
      providers:
        anthropic: { base_url: <anthropic>, pass_through: true }
        zai: { base_url: <zai> }
      routes:
        - { pattern: '*haiku*', provider: zai }
        - { pattern: '*', provider: anthropic }
      """
    And the shim is running on its own files
    When I run "shim model claude-haiku-4-5" in a shell
    Then turns for "claude-sonnet-4-5" soon go through lane "zai" by decision "manual_override"
    When I run "shim model --clear" in a shell
    Then turns for "claude-sonnet-4-5" soon go through lane "anthropic" by decision "pass_through"

  Scenario: A lane that needs a license is passed over without one
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And a provider "zai" that answers with 120 input and 30 output tokens
    And ".config/ccp/providers.yaml" holds
      """
      providers:
        anthropic: { base_url: <anthropic>, pass_through: true }
        zai: { base_url: <zai>, requires: zai_offload }
      routes:
        - { pattern: '*haiku*', provider: zai }
        - { pattern: '*', provider: anthropic }
      """
    And the shim is running on its own files
    When a turn is sent for "claude-haiku-4-5"
    Then the turn went through lane "anthropic" by decision "license_block"
    And the provider "zai" was asked 0 times

  Scenario: The decision is in the log before the turn, and the stream comes as it was sent
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When a turn is sent for "claude-sonnet-4-5"
    Then the stream is as the provider sent it
    And the log tells the decision before the turn, with the same request id
    And the hours of "claude-sonnet-4-5" add up to 1 turn

  Scenario: What is no JSON is refused before a lane is asked
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    When "{model:" is posted to "/v1/messages"
    Then the client gets status 400
    And the answer is an error of type "invalid_request_error"
    And the provider "anthropic" was asked 0 times

  Scenario: A provider that falls silent is left after a while
    Given a provider "anthropic" that falls silent in the middle of an answer
    And "CCP_SSE_IDLE_TIMEOUT" is set to "300ms"
    And the shim is running
    When a turn for "claude-sonnet-4-5" is cut off
    Then usage of "claude-sonnet-4-5" has
      | events.timeouts | 1 |
