Feature: A running shim keeps the contract, and what Claude Code needs of a gateway

  Scenario: Every rule holds for the shim
    Given a provider played by the rules
    And the shim is running
    When the shim is tried against the rules
    Then every rule holds

  Scenario: The OpenAPI document it serves is the one of the contract
    Given a provider "anthropic" that answers with 120 input and 30 output tokens
    And the shim is running
    Then "/openapi.json" is what contracts openapi prints

  Scenario: Nothing listens
    When the rules are tried where nothing listens
    Then the command ends with 2 and says "start the gateway first"
